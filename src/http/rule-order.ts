import { getMetadataStorage, type MetadataStorage } from 'class-validator'

type Rules = Parameters<MetadataStorage['groupByPropertyName']>[0]

const TYPES = new Set([
  'isArray',
  'isObject',
  'isString',
  'isInt',
  'isNumber',
  'isBoolean',
  'isDate',
  'isEmail',
])

/**
 * class-validator judges by the rule that stands last and would say of "24" that it is no more than 168. The type comes
 * first, whether a value is a list and how long before what is in it, and then the rules as they stand.
 */
export function judgeTypesFirst(): void {
  getMetadataStorage().groupByPropertyName = (rules: Rules) => {
    const byProperty: Record<string, Rules> = Object.create(null)
    for (const rule of rules) (byProperty[rule.propertyName] ??= []).unshift(rule)
    for (const own of Object.values(byProperty)) own.sort((a, b) => rankOf(a) - rankOf(b))
    return byProperty
  }
}

const rankOf = ({ name, each }: Rules[number]) =>
  name === 'arrayUnique' ? 4 : (each ? 2 : 0) + (TYPES.has(name!) ? 0 : 1)
