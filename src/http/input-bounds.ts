import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js'
import { getMetadataStorage } from 'class-validator'

// eslint-disable-next-line typescript/no-explicit-any
export type InputClass = new (...parameters: any[]) => object

/** What a property may be, by the decorators of class-validator and class-transformer. */
export interface Bounds {
  /** Of a text, or of each text of a list. */
  characters: number
  items: number
  isList: boolean
  /** Of the property, or of each item of a list. */
  type: InputClass | undefined
  /** A list or an object whose inside no decorator describes: the use case judges it. */
  isOpen: boolean
}

const known = new Map<InputClass, Map<string, Bounds>>()

/** The properties that an input of this class may have. */
export function boundsOf(type: InputClass): Map<string, Bounds> {
  const bounds = known.get(type) ?? readBounds(type)
  known.set(type, bounds)
  return bounds
}

function readBounds(type: InputClass): Map<string, Bounds> {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false)
  const names = [...new Set(rules.map(({ propertyName }) => propertyName))]
  return new Map(
    names.map((name) => {
      const own = rules.filter(({ propertyName }) => propertyName === name)
      const first = (rule: string, place: number): number =>
        own.find((one) => one.name === rule)?.constraints[place] ?? Infinity
      const nested = typeOf(type, name)
      const isList = own.some((rule) => rule.name === 'isArray')
      const holdsAny = isList || own.some((rule) => rule.name === 'isObject')
      return [
        name,
        {
          characters: Math.min(first('maxLength', 0), first('isLength', 1)),
          items: first('arrayMaxSize', 0),
          isList,
          type: nested,
          isOpen: holdsAny && !nested && !own.some(({ each }) => each),
        },
      ]
    }),
  )
}

/** What `@Type(() => …)` says, where that is a class of ours. */
function typeOf(type: InputClass, property: string): InputClass | undefined {
  const named = defaultMetadataStorage.findTypeMetadata(type, property)?.typeFunction?.()
  return named === Number || named === Date ? undefined : (named as InputClass | undefined)
}
