import { ApiExtension } from '@nestjs/swagger'

/** The body has all properties of one of these sets at least: what aliases for a property make of `required`. */
export const NeedsOneOf = (...sets: string[][]) => ApiExtension('x-needs', sets)
