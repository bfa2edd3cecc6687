/**
 * PostgreSQL's literal of an array of numbers, instants in milliseconds, booleans or UUIDs, none of which needs quotes: pg
 * escapes every element of an array that it is given, which takes it longer than all the rest.
 */
export const arrayOf = (values: (number | boolean | string | null)[]): string =>
  `{${values.map(text).join()}}`

const text = (value: number | boolean | string | null) => value ?? 'NULL'
