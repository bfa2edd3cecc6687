import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js'
import { getMetadataStorage } from 'class-validator'
import type { FieldError } from './problem.js'

// eslint-disable-next-line typescript/no-explicit-any
export type InputClass = new (...parameters: any[]) => object

/** How large a property may be, by the decorators that bound it. */
interface Bounds {
  characters: number
  items: number
  /** Of the property, or of each item of a list. */
  type: InputClass | undefined
}

const LONGEST_NAME = 100

/**
 * What is unknown or too large in an input, before anything looks at the rest: class-transformer takes the square of the
 * number of properties, and class-validator judges each item of a list, and each character of a text, that it then finds
 * to be too many.
 *
 * @param most faults that are looked for
 */
export function faultsOfShape(type: InputClass, input: unknown, most: number, path = ''): FieldError[] {
  if (typeof input !== 'object' || input === null) return []
  const known = boundsOf(type)
  const faults: FieldError[] = []
  for (const key in input) {
    if (faults.length >= most) break
    const field = path + (key.length > LONGEST_NAME ? `${key.slice(0, LONGEST_NAME)}…` : key)
    const bounds = known.get(key)
    if (!bounds) faults.push({ field, message: 'is not a known property' })
    else
      faults.push(
        ...faultsOfValue(bounds, (input as Record<string, unknown>)[key], most - faults.length, field),
      )
  }
  return faults
}

function faultsOfValue(bounds: Bounds, value: unknown, most: number, field: string): FieldError[] {
  const { characters, items, type } = bounds
  if (typeof value === 'string' && value.length > characters && value.trim().length > characters)
    return [{ field, message: `must be shorter than or equal to ${characters} characters` }]
  if (!Array.isArray(value)) return type ? faultsOfShape(type, value, most, `${field}.`) : []
  if (value.length > items) return [{ field, message: `must contain no more than ${items} elements` }]
  if (!type && characters === Infinity) return []
  const faults: FieldError[] = []
  for (let index = 0; index < value.length && faults.length < most; index++)
    faults.push(
      ...faultsOfValue({ ...bounds, items: 0 }, value[index], most - faults.length, `${field}.${index}`),
    )
  return faults
}

const shapes = new Map<InputClass, Map<string, Bounds>>()

function boundsOf(type: InputClass): Map<string, Bounds> {
  const known = shapes.get(type)
  if (known) return known
  const bounds = new Map<string, Bounds>()
  for (const { propertyName, name, constraints } of rulesOf(type)) {
    const bound = bounds.get(propertyName) ?? {
      characters: Infinity,
      items: Infinity,
      type: typeOf(type, propertyName),
    }
    if (name === 'arrayMaxSize') bound.items = constraints[0]
    if (name === 'maxLength') bound.characters = constraints[0]
    if (name === 'isLength') bound.characters = constraints[1] ?? Infinity
    bounds.set(propertyName, bound)
  }
  shapes.set(type, bounds)
  return bounds
}

const rulesOf = (type: InputClass) =>
  getMetadataStorage().getTargetValidationMetadatas(type, '', false, false)

/** What `@Type(() => …)` says. */
function typeOf(type: InputClass, property: string): InputClass | undefined {
  const named = defaultMetadataStorage.findTypeMetadata(type, property)?.typeFunction?.()
  return named === Number || named === Date ? undefined : (named as InputClass | undefined)
}
