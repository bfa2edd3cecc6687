import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EVENT_EXAMPLES } from '../src/webhooks/event-examples.js'
import { newSecret, signatureHeaders, signerOf } from '../src/webhooks/signing.js'

/** The snippets of docs/webhooks.md, run as a receiver would run them. */

interface Delivery {
  secret: string
  headers: Record<string, string | undefined>
  body: string | Buffer
}

interface Language {
  file: string
  fence: string
  /** What tells whether the language is installed, and what the snippet needs before it runs. */
  found: [command: string, ...args: string[]]
  build?: (file: string, folder: string) => [command: string, ...args: string[]]
  run: (file: string, folder: string) => [command: string, ...args: string[]]
}

const LANGUAGES: Record<string, Language> = {
  Node: {
    file: 'verify.mjs',
    fence: 'js',
    found: [process.execPath, '--version'],
    run: (file) => [process.execPath, file],
  },
  Python: {
    file: 'verify.py',
    fence: 'python',
    found: ['python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 9))'],
    run: (file) => ['python3', '-I', file],
  },
  Go: {
    file: 'verify.go',
    fence: 'go',
    found: ['go', 'version'],
    // Built once: `go run` would build for every case. It has no modules to fetch.
    build: (file, folder) => ['go', 'build', '-o', join(folder, 'verify'), file],
    run: (_, folder) => [join(folder, 'verify')],
  },
}

const secret = newSecret()
const another = newSecret()
const body = JSON.stringify({ ...EVENT_EXAMPLES['email.received'], note: 'ünïcode 🙂 \\u2028' })

/** Made anew for each case: a compiler that takes its time must not make them old. */
const genuine = (good = delivery()): Record<string, Delivery> => ({
  'a delivery': good,
  'one from nearly five minutes ago': delivery({ ageSeconds: 270 }),
  'one from a clock that is nearly five minutes ahead': delivery({ ageSeconds: -270 }),
  'one signed with the new secret and the old, by the new': { ...rotated(secret, another), secret },
  'one signed with the new secret and the old, by the old': { ...rotated(another, secret), secret },
  'one with a signature of another version before ours': withHeaders(good, {
    signature: `v1a,${'A'.repeat(86)}== ${good.headers.signature}`,
  }),
  'a secret without its prefix': { ...good, secret: secret.replace('whsec_', '') },
})

const forged = (good = delivery()): Record<string, Delivery> => ({
  'a changed body': { ...good, body: body.replace('high', 'low') },
  'a body with a line break more': { ...good, body: `${body}\n` },
  'a body that was written anew': { ...good, body: JSON.stringify(JSON.parse(body), null, 1) },
  'no body': { ...good, body: '' },
  'bytes that are no text': { ...good, body: Buffer.from([0xff, 0xfe, 0x00]) },
  'another secret': { ...good, secret: another },
  'two signatures of others': { ...rotated(another, newSecret()), secret },
  'no secret, and a signature by nothing': unguarded(''),
  'a secret without bytes, and a signature by nothing': unguarded('whsec_'),
  'an old timestamp, honestly signed': delivery({ ageSeconds: 330 }),
  'a timestamp of the future, honestly signed': delivery({ ageSeconds: -330 }),
  'a timestamp in milliseconds, honestly signed': delivery({ timestamp: String(Date.now()) }),
  'a timestamp that is no number, honestly signed': delivery({ timestamp: 'now' }),
  'a timestamp beyond all numbers, honestly signed': delivery({ timestamp: '9'.repeat(5_000) }),
  'a timestamp of minus infinity, honestly signed': delivery({ timestamp: '-9223372036854775808' }),
  'another timestamp': withHeaders(good, { timestamp: String(seconds() - 60) }),
  'another id': withHeaders(good, { id: EVENT_EXAMPLES['email.resolved'].id }),
  'no id': withHeaders(good, { id: undefined }),
  'no timestamp': withHeaders(good, { timestamp: undefined }),
  'no signature': withHeaders(good, { signature: undefined }),
  'an empty signature': withHeaders(good, { signature: '' }),
  'a signature without its version': withHeaders(good, { signature: good.headers.signature!.slice(3) }),
  'a signature of another version': withHeaders(good, {
    signature: good.headers.signature!.replace('v1,', 'v2,'),
  }),
  'half a signature': withHeaders(good, { signature: good.headers.signature!.slice(0, 20) }),
  'a signature with more behind it': withHeaders(good, { signature: `${good.headers.signature}=` }),
  'a signature in hex': withHeaders(good, { signature: `v1,${hexOf(body)}` }),
  'a signature that is no ASCII': withHeaders(good, { signature: `v1,${'é'.repeat(44)}` }),
  'spaces and commas': withHeaders(good, { signature: ' , v1, v1 ,, ' }),
})

describe.each(Object.entries(LANGUAGES))('in %s', (name, { file, fence, found, build, run }) => {
  const path = fileURLToPath(new URL(`../examples/verify/${file}`, import.meta.url))
  const isInstalled = spawnSync(found[0], found.slice(1)).status === 0
  if (!isInstalled) console.log(`The ${name} snippet is not run: ${found.join(' ')} does not succeed here`)
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'punctual-verify-'))
    if (!isInstalled || !build) return
    const [command, ...args] = build(path, folder)
    const environment = { ...process.env, GOTOOLCHAIN: 'local', GOPROXY: 'off', GO111MODULE: 'off' }
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', env: environment })
    expect(status, stderr).toBe(0)
  }, 180_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('stands in the documentation as it is run here', () => {
    const documentation = readFileSync(new URL('../docs/webhooks.md', import.meta.url), 'utf8')
    expect(documentation).toContain(`\`\`\`${fence}\n${readFileSync(path, 'utf8')}\`\`\`\n`)
  })

  it.runIf(isInstalled).each(Object.keys(genuine()))('takes %s', (given) => {
    expect(answerTo(genuine()[given]!)).toEqual({ status: 0, said: 'verified email.received\n' })
  })

  it.runIf(isInstalled).each(Object.keys(forged()))('refuses %s', (given) => {
    const { status, said } = answerTo(forged()[given]!)
    expect(said).toMatch(/^refused: [\w ]+\n$/)
    expect(status).toBe(1)
  })

  function answerTo({ secret: key, headers, body: input }: Delivery): {
    status: number | null
    said: string
  } {
    const [command, ...args] = run(path, folder)
    const environment = Object.entries(headers).map(([header, value]) => [
      `HTTP_WEBHOOK_${header.toUpperCase()}`,
      value,
    ])
    const env = { PATH: process.env.PATH, WEBHOOK_SECRET: key, ...Object.fromEntries(environment) }
    const { status, stdout, stderr } = spawnSync(command, args, { input, env, encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }
})

it('signs as the deliveries are signed', () => {
  const { id, timestamp, signature } = delivery().headers
  const sentAt = new Date(Number(timestamp) * 1_000)
  expect(signatureHeaders([signerOf(secret, 'decoded')], id!, sentAt, Buffer.from(body))).toEqual([
    ...['webhook-id', id],
    ...['webhook-timestamp', timestamp],
    ...['webhook-signature', signature],
    ...['x-webhook-signature', hexOf(body)],
  ])
})

function delivery({
  ageSeconds = 0,
  timestamp = String(seconds() - ageSeconds),
  key = secret,
}: { ageSeconds?: number; timestamp?: string; key?: string } = {}): Delivery {
  const { id } = EVENT_EXAMPLES['email.received']
  return {
    secret,
    headers: { id, timestamp, signature: signatureOf(key, `${id}.${timestamp}.${body}`) },
    body,
  }
}

function rotated(...keys: string[]): Delivery {
  const signatures = keys.map((key) => delivery({ key }).headers.signature)
  return withHeaders(delivery(), { signature: signatures.join(' ') })
}

function unguarded(key: string): Delivery {
  return { ...delivery({ key: '' }), secret: key }
}

function withHeaders(given: Delivery, headers: Delivery['headers']): Delivery {
  return { ...given, headers: { ...given.headers, ...headers } }
}

function signatureOf(key: string, signed: string): string {
  const bytes = Buffer.from(key.replace('whsec_', ''), 'base64')
  return `v1,${createHmac('sha256', bytes).update(signed).digest('base64')}`
}

function hexOf(signed: string): string {
  return createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
    .update(signed)
    .digest('hex')
}

function seconds(): number {
  return Math.floor(Date.now() / 1_000)
}
