import { Transform } from 'class-transformer'

/** Strips the white space around a text before it is validated. */
export const Trimmed = () =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
