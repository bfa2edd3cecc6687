import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { ajv } from './support/contract-check.js'
import { contract, exampleOf, operations, resolve, type Operation, type Schema } from './support/contract.js'

const PROBLEM = 'application/problem+json'

it('is OpenAPI 3.1 whose references all lead somewhere', () => {
  expect(contract.openapi).toMatch(/^3\.1\.\d+$/)
  expect(contract.info).toMatchObject({ title: 'Punctual', version: expect.any(String) })
  const references = [...JSON.stringify(contract).matchAll(/"\$ref":"(#[^"]+)"/g)].map(([, ref]) => ref!)
  expect(references.length).toBeGreaterThan(50)
  for (const $ref of references) expect(resolve({ $ref }), $ref).toBeDefined()
})

it('has every schema legal, and every example as its schema says', () => {
  const names = Object.keys(contract.components.schemas)
  for (const name of names) {
    const $ref = `contract#/components/schemas/${name}`
    const validate = ajv.compile({ $ref })
    for (const [key, part] of Object.entries<Schema>(contract.components.schemas[name].properties ?? {}))
      if (part.example !== undefined)
        expect(errorsOf({ $ref: `${$ref}/properties/${key}` }, part.example), `${name}.${key}`).toEqual([])
    if (name.endsWith('Dto')) {
      validate(exampleOf({ $ref: `#/components/schemas/${name}` }, name))
      expect(validate.errors ?? [], name).toEqual([])
    }
  }
})

it('has classes of one name once: another of that name would take its place in the document', async () => {
  const names: string[] = []
  for await (const file of glob('src/**/*.{dto,view}.ts'))
    names.push(
      ...[...readFileSync(file, 'utf8').matchAll(/^(?:export )?class (\w+)/gm)].map(([, name]) => name!),
    )
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

it('leaves no schema open that names its properties', () => {
  for (const [name, schema] of Object.entries<Body>(contract.components.schemas))
    if (schema.properties) expect(schema, name).toHaveProperty('additionalProperties')
})

it('has no two paths that one URL could mean', () => {
  const shapes = operations.map(({ path }) => path).filter((path, index, all) => all.indexOf(path) === index)
  const isVariable = (part: string) => part.startsWith('{')
  const couldBeBoth = (a: string, b: string) => {
    const [as, bs] = [a.split('/'), b.split('/')]
    const fits = as.every(
      (part, index) => part === bs[index] || isVariable(part) || isVariable(bs[index] ?? ''),
    )
    // A path with fewer parameters comes first (OpenAPI 3.1, 4.8.8.2); with as many, nothing says which.
    return as.length === bs.length && fits && as.filter(isVariable).length === bs.filter(isVariable).length
  }
  for (const a of shapes)
    expect(
      shapes.filter((b) => a !== b && couldBeBoth(a, b)),
      a,
    ).toEqual([])
})

it('says which properties a subscription needs, under either name', () => {
  const validate = ajv.compile({ $ref: 'contract#/components/schemas/SubscribeDto' })
  const url = 'https://example.com/'
  for (const body of [
    { url, events: ['*'] },
    { target_url: url, event: '*' },
  ])
    expect(validate(body)).toBe(true)
  for (const body of [{}, { url }, { events: ['*'] }, { url, target_url: url }])
    expect(validate(body)).toBe(false)
})

it('names its operations once, under tags that it describes', () => {
  const ids = operations.map(({ raw }) => raw.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^\w+$/)
  const described = contract.tags.map(({ name }: { name: string }) => name)
  expect(new Set(operations.flatMap(({ raw }) => raw.tags))).toEqual(new Set(described))
})

describe.each(operations)('$name', (operation) => {
  const { raw, parameters, bodySchema, bodyType, isPublic, method, path } = operation

  it('has a summary, a description and a described success', () => {
    expect(raw.description).toMatch(/\.$/)
    expect(raw.summary).toMatch(/^\S.{3,}[^.]$/)
    const successes = answers(operation).filter(([status]) => status < 300)
    expect(successes).toHaveLength(1)
    const [status, { description, content }] = successes[0]!
    expect(description).not.toBe('')
    expect(Object.keys(content ?? {}).length > 0, 'a body, unless it says that there is none').toBe(
      status !== 204,
    )
  })

  it('describes each error as a problem', () => {
    for (const [status, { content }] of answers(operation).filter(([code]) => code >= 400)) {
      expect(Object.keys(content), String(status)).toEqual([PROBLEM])
      expect(content[PROBLEM].schema.$ref).toBe('#/components/schemas/Problem')
      expect(content[PROBLEM].example).toMatchObject({ status, code: expect.stringMatching(/^[a-z_]+$/) })
      expect(errorsOf({ $ref: 'contract#/components/schemas/Problem' }, content[PROBLEM].example)).toEqual([])
    }
  })

  it('says who may call it and what can be wrong with the call', () => {
    const statuses = new Set(answers(operation).map(([status]) => status))
    if (!isPublic) expect(raw.security ?? contract.security).toEqual([{ bearer: [] }])
    if (!isPublic) expect(statuses).toContain(401)
    if (raw['x-roles']) expect(statuses).toContain(403)
    if (raw['x-roles']) expect(raw.description).toContain(raw['x-roles'][0])
    if (parameters.some(isId)) expect(statuses).toContain(404)
    expect(statuses).toContain(400)
    if (method !== 'GET') expect([...statuses]).toEqual(expect.arrayContaining([409, 413, 415]))
    const keyed = parameters.some(({ name }) => name === 'Idempotency-Key')
    expect(keyed, 'Idempotency-Key is for POST').toBe(method === 'POST' && !isPublic)
  })

  it('declares each part of its path, ids as whole numbers', () => {
    const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
    expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    for (const { schema } of parameters.filter(isId))
      expect(schema).toMatchObject({ type: 'integer', minimum: 1 })
    // What has a default need not be given.
    for (const { schema, required } of parameters)
      expect('default' in schema && required === true, 'required').toBe(false)
  })

  if (!bodySchema) return
  it('gives an example of its body', () => {
    const media = raw.requestBody.content[bodyType!]
    if (media.examples) return expect(Object.values(media.examples)[0]).toHaveProperty('value')
    expect(bodyType).toBe('application/json')
    expect(raw.requestBody.required).toBe(!path.endsWith('/rotate'))
    expect(() => exampleOf(bodySchema)).not.toThrow()
  })
})

const isId = ({ name }: { name: string }) => /^id$|Id$/.test(name)

const answers = ({ raw }: Operation): [number, typeof raw][] =>
  Object.entries<typeof raw>(raw.responses).map(([status, response]) => [Number(status), response])

function errorsOf(schema: object, value: unknown): unknown[] {
  const validate = ajv.compile(schema)
  return validate(value) ? [] : validate.errors!
}
