import { boundsOf, type Bounds, type InputClass } from './input-bounds.js'
import type { FieldError } from './problem.js'

type Input = Record<string, unknown>

const LONGEST_NAME = 100

/**
 * What is unknown or too large in an input, before anything looks at the rest: class-validator judges each item of a list,
 * and each character of a text, that it then finds to be too many.
 *
 * @param most faults that are looked for
 */
export function faultsOfShape(type: InputClass, input: unknown, most: number, path = ''): FieldError[] {
  if (!isContainer(input)) return []
  const known = boundsOf(type)
  const faults: FieldError[] = []
  for (const key in input) {
    const left = most - faults.length
    if (left <= 0) break
    const field = path + (key.length > LONGEST_NAME ? `${key.slice(0, LONGEST_NAME)}…` : key)
    const bounds = known.get(key)
    if (bounds) faults.push(...faultsOfValue(bounds, input[key], left, field))
    else faults.push({ field, message: 'is not a known property' })
  }
  return faults
}

function faultsOfValue(bounds: Bounds, value: unknown, most: number, field: string): FieldError[] {
  const { characters, items, type } = bounds
  if (typeof value === 'string' && value.length > characters && value.trim().length > characters)
    return [{ field, message: `must be shorter than or equal to ${characters} characters` }]
  if (!Array.isArray(value)) return type ? faultsOfShape(type, value, most, `${field}.`) : []
  if (!bounds.isList) return [] // which its rules say better
  if (value.length > items) return [{ field, message: `must contain no more than ${items} elements` }]
  if (bounds.isOpen) return []
  const faults: FieldError[] = []
  for (let index = 0; index < value.length && faults.length < most; index++)
    faults.push(
      ...faultsOfValue({ ...bounds, isList: false }, value[index], most - faults.length, `${field}.${index}`),
    )
  return faults
}

/**
 * The input without the inside of what no class describes. class-transformer would copy that as well, and takes the square
 * of the number of properties; what stands where a text or a number should needs no inside to be refused.
 */
export function hollow(type: InputClass, input: unknown): unknown {
  if (!isContainer(input) || Array.isArray(input)) return input
  const known = boundsOf(type)
  const hollowed: Input = {}
  for (const key in input) hollowed[key] = hollowValue(known.get(key), input[key])
  return hollowed
}

function hollowValue(bounds: Bounds | undefined, value: unknown): unknown {
  if (!isContainer(value)) return value
  if (Array.isArray(value) && bounds?.isList && !bounds.isOpen)
    return value.map((item) => hollowValue({ ...bounds, isList: false }, item))
  if (bounds?.type && !Array.isArray(value)) return hollow(bounds.type, value)
  return Array.isArray(value) ? [] : {}
}

/** Gives what was made of a hollow input the inside again that it has no class for. */
export function refill(type: InputClass, made: unknown, input: unknown): void {
  if (!isContainer(made) || !isContainer(input)) return
  for (const [key, { isOpen, type: inner }] of boundsOf(type)) {
    const value = input[key]
    if (isOpen && isContainer(value)) made[key] = value
    else if (inner && Array.isArray(value))
      value.forEach((item, index) => refill(inner, (made[key] as Input[])[index], item))
    else if (inner) refill(inner, made[key], value)
  }
}

const isContainer = (value: unknown): value is Input => typeof value === 'object' && value !== null
