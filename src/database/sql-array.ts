/** Types whose values need no quotes in an array. */
export const BARE_TYPES = ['bigint', 'integer', 'float8', 'boolean', 'uuid']
export type Bare = number | boolean | string | null

/**
 * PostgreSQL's literal of an array of a bare type, for statements with hundreds of them: pg escapes each element of an array.
 */
export const arrayOf = (values: Bare[]): string => `{${values.map((value) => value ?? 'NULL').join()}}`
