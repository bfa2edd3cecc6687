declare const type: unique symbol

/**
 * A JSON Schema (draft 2020-12) of the values of a type. The type is known to the compiler only, and exactly: it takes
 * no schema of a number where a number or null belongs, so schemas cannot drift from the types they describe.
 */
export interface Schema<Value> {
  readonly [type]?: (value: Value) => Value
  readonly [keyword: string]: unknown
}

export const text = (keywords: object = {}): Schema<string> => ({ type: 'string', ...keywords })

export const instant = (keywords: object = {}) => text({ format: 'date-time', ...keywords })

/** A text of which all values are known. */
export const oneOf = (values: readonly string[], keywords: object = {}) => text({ enum: values, ...keywords })

export const constant = <Value extends string>(value: Value): Schema<Value> => ({ const: value })

export const flag = (keywords: object = {}): Schema<boolean> => ({ type: 'boolean', ...keywords })

export const number = (keywords: object = {}): Schema<number> => ({ type: 'number', ...keywords })

export const count = (keywords: object = {}): Schema<number> => ({ type: 'integer', minimum: 0, ...keywords })

/** What PostgreSQL numbers from 1. */
export const ordinal = (keywords: object = {}): Schema<number> => count({ minimum: 1, ...keywords })

export const list = <Item>(items: Schema<Item>, keywords: object = {}): Schema<Item[]> => ({
  type: 'array',
  items,
  ...keywords,
})

/** Has all the properties of its type. Others may be added one day, and receivers must not mind. */
export const object = <Value extends object>(
  properties: { [Key in keyof Value]-?: Schema<Value[Key]> },
  keywords: object = {},
): Schema<Value> => ({ type: 'object', ...keywords, properties, required: Object.keys(properties) })

/** Of a schema with a `type`, and without `enum` or `const`, which would have to list null. */
export const nullable = <Value>(schema: Schema<Value>, keywords: object = {}): Schema<Value | null> => {
  const either: Record<string, unknown> = { ...schema, type: [schema.type, 'null'], ...keywords }
  return either
}
