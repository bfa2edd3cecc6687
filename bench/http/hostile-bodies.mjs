/** The worst of each kind of JSON, by what it costs somewhere: to build, to walk, to tell apart, to validate, to answer. */
const KINDS = {
  zeros: (bytes) => list(bytes, () => '0'),
  objects: (bytes) => list(bytes, () => '{}'),
  lists: (bytes) => list(bytes, () => '[]'),
  'different texts': (bytes) => list(bytes, (i) => `"${i.toString(36)}"`),
  'different numbers': (bytes) => list(bytes, (i) => String(i + 1)),
  'objects of unknown properties': (bytes) => list(bytes, (i) => `{"${i.toString(36)}":0,"b":0,"c":0}`),
  properties: (bytes) => `{${list(bytes, (i) => `"${i.toString(36)}":0`).slice(1, -1)}}`,
  nesting: (bytes) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2),
  'a long text': (bytes) => `"${'a.'.repeat((bytes - 2) / 2)}"`,
  'a text of blanks': (bytes) => `"a${' '.repeat(bytes - 4)}@b.cd"`.slice(0, bytes),
  'a text of quotes': (bytes) => `"${'\\"'.repeat((bytes - 2) / 2)}"`,
  'a text in escapes': (bytes) => `"${'\\u005f'.repeat((bytes - 2) / 6)}"`,
  // As many as the counting lets through.
  '40,000 texts': (bytes) => list(Math.min(bytes, 280_000), (i) => `"${i.toString(36)}"`),
  '1,900 properties': (bytes) =>
    `{${list(Math.min(bytes, 15_000), (i) => `"${i.toString(36)}":0`).slice(1, -1)}}`,
  '20 objects of 1,900 properties': (bytes) => {
    const one = `{${list(15_000, (i) => `"${i.toString(36)}":0`).slice(1, -1)}}`
    return list(Math.min(bytes, one.length * 20), () => one)
  },
}

/** Those that get furthest: the others are refused before a field is looked at. */
const OF_FIELDS = ['a long text', 'a text of quotes', 'a text in escapes', 'objects of unknown properties']
const WITHIN_BOUNDS = /^\d/

/** Whole bodies of so many bytes. */
export function wholeBodies(bytes) {
  return Object.entries(KINDS).map(([kind, make]) => [kind, make(bytes)])
}

/** The body with each of its fields in turn, however deep, made as bad as it can be. */
export function* bodiesOf(example, bytes) {
  for (const path of pathsIn(example)) {
    const rest = JSON.stringify(withValue(example, path, HOLE))
    for (const [kind, make] of Object.entries(KINDS))
      if (OF_FIELDS.includes(kind) || WITHIN_BOUNDS.test(kind))
        yield [`${path.join('.')}: ${kind}`, rest.replace(`"${HOLE}"`, () => make(bytes - rest.length))]
  }
}

const HOLE = '@@hole@@'

/** The days of a week, and the items of a list, are alike. */
const ALIKE = /^(tue|wed|thu|fri|sat|sun|[1-9]\d*)$/

function* pathsIn(value, path = []) {
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value).filter(([name]) => !ALIKE.test(name))) {
    yield [...path, key]
    yield* pathsIn(child, [...path, key])
  }
}

function withValue(value, [key, ...rest], placed) {
  if (key === undefined) return placed
  const copy = Array.isArray(value) ? [...value] : { ...value }
  copy[key] = withValue(value[key], rest, placed)
  return copy
}

/** As many different items as have room. */
function list(bytes, item) {
  const items = []
  for (let left = bytes - 2, i = 0; ; i++) {
    const next = item(i)
    left -= next.length + 1
    if (left < 0) return `[${items.join(',')}]`
    items.push(next)
  }
}
