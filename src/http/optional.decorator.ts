import { ValidateIf } from 'class-validator'

/** May be left out, but not null: class-validator's IsOptional would let null through to where nothing expects it. */
export const Optional = () => ValidateIf((_object, value) => value !== undefined)
