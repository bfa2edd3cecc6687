import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { EVENT_NAMES } from '../src/events/catalogue.js'
import { EVENT_EXAMPLES } from '../src/webhooks/event-examples.js'
import { EVENT_DESCRIPTIONS, eventSchema } from '../src/webhooks/event-schemas.js'
import type { Body } from './support/api-client.js'
import { schemaErrors } from './support/event-schemas.js'

describe.each(EVENT_NAMES)('%s', (name) => {
  const example: Body = EVENT_EXAMPLES[name]

  it('has a schema that is legal by its own dialect, and an example that it allows', () => {
    const { $schema, title } = eventSchema(name)
    expect({ $schema, title }).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: name,
    })
    const ajv = new Ajv2020()
    addFormats.default(ajv)
    expect(ajv.validateSchema(eventSchema(name))).toBe(true)
    expect(schemaErrors(name, example)).toEqual([])
  })

  it('is described as the catalogue describes it', () => {
    const catalogue = readFileSync(new URL('../src/events/catalogue.ts', import.meta.url), 'utf8')
    const comment = new RegExp(`/\\*\\* (Raised when [^*]+) \\*/\\s+'${name}'`).exec(catalogue)?.[1]
    expect(EVENT_DESCRIPTIONS[name]).toBe(comment)
  })

  it('needs every property of its body, each of its type, and knows no other', () => {
    const places = placesIn(example)
    expect(places.length).toBeGreaterThan(6)
    for (const place of places) {
      expect(schemaErrors(name, changed(example, place, remove)), `without ${place}`).not.toEqual([])
      expect(schemaErrors(name, changed(example, place, misshape)), `misshapen ${place}`).not.toEqual([])
      expect(schemaErrors(name, changed(example, place, crowd)), `beside ${place}`).not.toEqual([])
    }
  })

  it('lets receivers live with properties that come later', () => {
    expect(JSON.stringify(eventSchema(name))).not.toContain('additionalProperties')
  })
})

it('stands in the documentation as it is', () => {
  const documentation = readFileSync(new URL('../docs/webhooks.md', import.meta.url), 'utf8')
  for (const name of EVENT_NAMES) {
    const [sentence] = /(?<=^Raised when ).+(?=\.$)/.exec(EVENT_DESCRIPTIONS[name])!
    const row = new RegExp(`^\\| \`${name}\` +\\| (.+?) +\\|$`, 'm').exec(documentation)?.[1]
    expect(row?.toLowerCase()).toBe(sentence.toLowerCase())
  }
  const example = JSON.stringify(EVENT_EXAMPLES['email.received'], null, 2)
  expect(documentation).toContain(`\`\`\`json\n${example}\n\`\`\`\n`)
})

it('has examples that tell one story, in order', () => {
  const bodies: Body[] = Object.values(EVENT_EXAMPLES)
  expect(new Set(bodies.map(({ id }) => id)).size).toBe(EVENT_NAMES.length)
  const ofTheEmail = bodies.filter(({ sequence }) => sequence !== null)
  const bySequence = ofTheEmail.toSorted((a, b) => a.sequence - b.sequence)
  expect(bySequence).toEqual(ofTheEmail.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1)))
  expect(ofTheEmail.map(({ data }) => data.email.id)).toEqual(Array(ofTheEmail.length).fill(42))
})

type Place = string[]
type Change = (parent: Body, key: string) => void

/** Every property, however deep. */
function placesIn(tree: Body, path: Place = []): Place[] {
  if (tree === null || typeof tree !== 'object' || Array.isArray(tree)) return []
  return Object.entries(tree).flatMap(([key, part]) => [[...path, key], ...placesIn(part, [...path, key])])
}

function changed(body: Body, place: Place, change: Change): Body {
  const copy = structuredClone(body)
  const parent = place.slice(0, -1).reduce((node, key) => node[key], copy)
  change(parent, place.at(-1)!)
  return copy
}

const remove: Change = (parent, key) => delete parent[key]
/** Of no type that any property has. */
const misshape: Change = (parent, key) => (parent[key] = [[]])
const crowd: Change = (parent) => (parent.another = 1)
