import { readFileSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { RefusedAddress, UnresolvedName } from '../src/egress/egress-guard.js'
import { watchSockets } from './support/dialled.js'
import { StubResolver } from './support/stub-resolver.js'
import { clientWith, guardWith } from './support/webhook-client.js'

interface Case {
  url: string
  why: string
}

const cases = (file: string) => JSON.parse(readFileSync(`test/conformance/${file}.json`, 'utf8')) as Case[]
const refused = cases('ssrf-refused')
const layerOf = ({ why }: Case) => /^\w+/.exec(why)![0]
const ofLayers = (...layers: string[]) => refused.filter((one) => layers.includes(layerOf(one)))

/** What each layer's cases must be refused for, so that none is refused for something else. */
const BECAUSE: Record<string, RegExp> = {
  ip: /must not reach the address/,
  ip6: /must not reach the address|must be an http or https address/, // a zone id is no part of a URL's host
  parse: /must not reach the (address|private name)|must be an http or https address/,
  name: /must not reach the private name|must be an http or https address/, // the empty one
  userinfo: /must not carry a user name/,
  confusion: /must be an http or https address|must not reach the address|must not carry a user name/,
  injection: /must be an http or https address/,
  size: /must not be longer/,
  scheme: /must be an http or https address/,
  port: /must not use port|must be an http or https address/,
}
const SELF = 'hooks.punctual.example'
const byUrl = [
  ...ofLayers(...Object.keys(BECAUSE)),
  ...ofLayers('self').map(({ url, why }) => ({ url: url.replace('{OWN_PUBLIC_HOST}', SELF), why })),
]

/** Public names, as strangers' name servers would answer for them. */
const NAMES = {
  'loopback.hook.test': [['127.0.0.1']],
  '127.0.0.1.nip.io': [['127.0.0.1']],
  '169-254-169-254.sslip.io': [['169.254.169.254']],
  'localtest.me': [['127.0.0.1']],
  'v6only.hook.test': [['::1']],
  'nat64.hook.test': [['64:ff9b::a9fe:a9fe']],
  'dual.hook.test': [['93.184.215.14', 'fd00::1']],
  'empty.hook.test': [[]],
  'slowdns.hook.test': [new Promise<string[]>(() => {})],
  'rebind.hook.test': [['93.184.215.14'], ['127.0.0.1']],
}

const IN_PRODUCTION = { NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32), ENCRYPTION_KEY: 'x'.repeat(32) }
const sockets = watchSockets()
afterAll(() => sockets.stop())
afterEach(() => void sockets.ports())

it('knows every layer of the refused cases', () => {
  const known = [...Object.keys(BECAUSE), 'dns', 'redirect', 'self']
  expect(refused.filter((one) => !known.includes(layerOf(one)))).toEqual([])
  expect(refused.length).toBeGreaterThan(120)
})

describe('URLs refused for what they say', () => {
  const resolver = new StubResolver({})
  const settings = { PUBLIC_URL: `https://${SELF}` }
  const guard = guardWith(settings, resolver)
  const client = clientWith(settings, resolver)
  afterAll(() => client.onApplicationShutdown())

  it.each(byUrl)('$why', async ({ url, why }) => {
    const reason = BECAUSE[layerOf({ url, why })] ?? /must not lead back/
    expect(refusalOf(() => guard.checkUrl(url))).toMatch(reason)
    const attempt = await client.post(url, {}, '{}')
    expect(attempt).toMatchObject({ statusCode: null, detail: expect.stringMatching(reason) })
    expect(['refused_address', 'invalid_url']).toContain(attempt.error)
    expect(sockets.ports()).toEqual([])
    expect(resolver.asked).toEqual([])
  })
})

describe('names refused for what stands behind them', () => {
  const client = clientWith({ WEBHOOK_TIMEOUT_MS: '200' }, new StubResolver(NAMES))
  afterAll(() => client.onApplicationShutdown())

  it.each(ofLayers('dns').filter(({ url }) => !url.includes('rebind')))('$why', async ({ url }) => {
    guardWith({}).checkUrl(url)
    const { error, statusCode } = await client.post(url, {}, '{}')
    const named = url.includes('empty')
      ? 'dns_failed'
      : url.includes('slow')
        ? 'timed_out'
        : 'refused_address'
    expect({ error, statusCode }).toEqual({ error: named, statusCode: null })
    expect(sockets.ports()).toEqual([])
  })

  it('a name that does not exist', async () => {
    const { error, detail } = await client.post('https://nowhere.hook.test/', {}, '{}')
    expect({ error, detail }).toEqual({
      error: 'dns_failed',
      detail: 'nowhere.hook.test could not be resolved: ENOTFOUND',
    })
  })
})

it('asks once for each connection and gives what it checked: a second answer is checked again', async () => {
  const resolver = new StubResolver(NAMES)
  const guard = guardWith({}, resolver)
  expect(await guard.addressesOf('rebind.hook.test')).toEqual(['93.184.215.14'])
  await expect(guard.addressesOf('rebind.hook.test')).rejects.toThrow(RefusedAddress)
  expect(resolver.asked).toHaveLength(2)
  await expect(guard.addressesOf('empty.hook.test')).rejects.toThrow(UnresolvedName)
  await expect(guard.addressesOf('10.0.0.5')).rejects.toThrow(RefusedAddress)
})

/** What DNS64 makes of names that have only IPv4 (RFC 6147), and what hides in addresses of such a form. */
describe('an address that leads through a NAT64', () => {
  const isDialled = async (address: string) => {
    const guard = guardWith(
      IN_PRODUCTION,
      new StubResolver({ 'hooks.hook.test': [['93.184.215.14', address]] }),
    )
    return guard.addressesOf('hooks.hook.test').then(
      (addresses) => addresses.includes(address),
      (error) => !(error instanceof RefusedAddress),
    )
  }
  it.each([
    ['64:ff9b::5db8:d70e', 'the well-known prefix'],
    ['64:ff9b::8.8.8.8', 'written with dots'],
    ['64:ff9b:1::5db8:d70e', 'a local prefix of 96 bits'],
    ['64:ff9b:1:5db8:d7:e00::', 'a local prefix of 48 bits'],
    ['64:ff9b:1:5d:b8:d70e::', 'a local prefix of 56 bits'],
    ['64:ff9b:1:0:5d:b8d7:e00:0', 'a local prefix of 64 bits'],
  ])('is judged by the public address in it: %s, %s', async (address) => {
    expect(await isDialled(address)).toBe(true)
  })
  it.each([
    ...['64:ff9b::7f00:1', '64:ff9b::a00:5', '64:ff9b::a9fe:a9fe', '64:ff9b::a83f:8110', '64:ff9b::'],
    ...['64:ff9b:1::a9fe:a9fe', '64:ff9b:1:a00:0:500::', '64:ff9b:1:a00:0:500:5db8:d70e', '64:ff9b:1::'],
    ...['64:ff9b:1:fe0a:0:5::', '64:ff9b:1:fe:0a:0:500:0', '64:ff9b:2::5db8:d70e', '64:ff9b:0:1::5db8:d70e'],
    ...['2002:5db8:d70e::1', '2001:0:5db8:d70e::', '::ffff:0:93.184.215.14'],
  ])('is refused where it may lead to a private one, or nowhere known: %s', async (address) => {
    expect(await isDialled(address)).toBe(false)
  })
  it('counts as what it is where it is mapped', async () => {
    expect(await isDialled('::ffff:93.184.215.14')).toBe(true)
    expect(await isDialled('::ffff:10.0.0.5')).toBe(false)
  })
})

it.each(cases('ssrf-allowed'))('allows $url, also in production: $why', ({ url }) => {
  guardWith({}).checkUrl(url)
  guardWith(IN_PRODUCTION).checkUrl(url)
})

describe('what the operator allows', () => {
  const allowing = { WEBHOOK_ALLOW_PRIVATE_CIDRS: '10.1.0.0/16, fd12::/16', WEBHOOK_ALLOW_PORTS: '8443' }
  const names = {
    'n8n.internal': [['10.1.2.3']],
    'elsewhere.internal': [['10.2.0.1']],
    'hooks.example.com': [['10.1.2.3']],
  }
  const guard = guardWith(
    { ...IN_PRODUCTION, ...allowing },
    new StubResolver({ ...names, public: [['8.8.8.8']] }),
  )

  it('may be reached over http and any port, by address or by a private name', async () => {
    for (const url of [
      'http://10.1.2.3:5678/hook',
      'http://[fd12::1]:5678/',
      'http://n8n.internal:5678/hook',
    ])
      guard.checkUrl(url)
    expect(await guard.addressesOf('n8n.internal')).toEqual(['10.1.2.3'])
    guard.checkUrl('https://hooks.example.com:8443/')
    expect(await guard.addressesOf('hooks.example.com')).toEqual(['10.1.2.3'])
  })

  it('opens nothing else', async () => {
    for (const url of ['http://10.2.0.1/', 'http://[::ffff:10.2.0.1]/', 'http://169.254.169.254/'])
      expect(refusalOf(() => guard.checkUrl(url))).toMatch(/must not reach the address/)
    for (const name of ['elsewhere.internal', 'public'])
      await expect(guard.addressesOf(name)).rejects.toThrow(RefusedAddress)
    expect(refusalOf(() => guard.checkUrl('http://hooks.example.com/'))).toMatch(/must be an https address/)
    expect(refusalOf(() => guard.checkUrl('https://hooks.example.com:22/'))).toMatch(/must not use port 22/)
  })
})

const refusalOf = (check: () => unknown): string => {
  try {
    check()
  } catch (error) {
    if (error instanceof RefusedAddress) return error.message
    throw error
  }
  throw new Error('It was allowed')
}
