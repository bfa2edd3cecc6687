import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newSecret, signatureHeaders, signerOf } from '../src/webhooks/signing.js'
import type { ApiClient } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { Network, type Passed } from './support/network.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** The example receiver as its users start it, the application that delivers to it, and the network between them. */

const RECEIVER = fileURLToPath(new URL('../examples/receiver/receiver.mjs', import.meta.url))

let punctual: TestApp
let ada: ApiClient
let network: Network
let folder: string
let secret: string
let receiver: ChildProcess
/** What the receiver did, over all of its runs. */
let done: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'punctual-receiver-'))
  network = await Network.open()
  punctual = await startTestApp()
  // The receiver compares timestamps with its own clock, which no test moves.
  punctual.clock.advance(Date.now() - punctual.clock.now().getTime())
  ada = await punctual.tenant()
  const events = ['email.received', 'email.resolved']
  secret = (await ada.post('/webhooks/subscribe', { url: network.url, events })).body.secret
  await start()
})

afterAll(async () => {
  await punctual.stop()
  await stop()
  await network.close()
  rmSync(folder, { recursive: true, force: true })
})

it('does once what is delivered twice, because an answer was lost', async () => {
  network.losesAnswers = true
  await email()
  await eventually(() => expect(network.passed).toHaveLength(1))
  network.losesAnswers = false
  await punctual.advance(3_000) // the first retry, with its jitter
  await eventually(() => expect(network.passed).toHaveLength(2))
  const [first, second] = network.passed
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
  expect([first!.status, second!.status]).toEqual([204, 204])
  await eventually(async () => expect(await waiting()).toEqual([]))
  expect(done).toEqual([`email.received ${first!.headers['webhook-id']}`])
})

it('does every event of its own', async () => {
  done = []
  const { id } = await email()
  await ada.post(`/emails/${id}/resolve`)
  await eventually(() => expect(done).toHaveLength(2))
  expect(done.map((line) => line.split(' ')[0]).sort()).toEqual(['email.received', 'email.resolved'])
})

it('refuses what is forged, old, too large or no delivery, and does none of it', async () => {
  done = []
  const genuine = network.passed.at(-1)!
  const forged = (headers: object, body = genuine.body) =>
    network.send({ headers: { ...genuine.headers, ...headers }, body })
  expect(await forged({}, genuine.body.replace('email.', 'emails.'))).toBe(401)
  expect(await forged({ 'webhook-id': '018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e' })).toBe(401)
  expect(await forged({ 'webhook-signature': 'v1,' })).toBe(401)
  expect(await forged(signed(newSecret(), 0))).toBe(401)
  expect(await forged(signed(secret, 400_000))).toBe(401)
  expect(await network.send({ headers: {}, body: '{}' })).toBe(401)
  expect(await forged({}, 'x'.repeat(2 * 1024 * 1024))).toBe(413)
  expect((await fetch(network.target)).status).toBe(405)
  // The same, rightly signed: the refusals above were for what was wrong with them.
  expect(await forged(signed(secret, 0))).toBe(204)
  await eventually(() => expect(done).toHaveLength(1))

  function signed(key: string, ageMs: number): Record<string, string> {
    const id = `${genuine.headers['webhook-id']}-${ageMs}`
    const sentAt = new Date(Date.now() - ageMs)
    const flat = signatureHeaders([signerOf(key, 'decoded')], id, sentAt, Buffer.from(genuine.body))
    return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]!]] : [])))
  }
})

it('remembers over a crash what it has done, and takes up what it has not', async () => {
  done = []
  const [first, ...others] = heardOnce()
  const inbox = new DatabaseSync(join(folder, 'inbox.db'))
  await eventually(() => expect(inbox.prepare('select 1 from inbox where done_at is null').all()).toEqual([]))
  await stop()
  inbox.prepare('update inbox set done_at = null where id = ?').run(first!.headers['webhook-id']!)
  inbox.close()
  await start()
  await eventually(() => expect(done).toEqual([`email.received ${first!.headers['webhook-id']}`]))
  for (const request of [first!, ...others]) expect(await network.send(request)).toBe(204)
  const { id } = await email()
  expect(id).toBeGreaterThan(0)
  await eventually(() => expect(done).toHaveLength(2))
})

it('does not start without a secret', async () => {
  const env = { ...process.env, WEBHOOK_SECRET: '', INBOX: join(folder, 'other.db'), PORT: '0' }
  const careless = spawn(process.execPath, [RECEIVER], { env, stdio: 'ignore' })
  expect((await once(careless, 'exit'))[0]).not.toBe(0)
})

const email = async () =>
  (await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })).body

const waiting = () => punctual.query(`select 1 from webhook_logs where status = 'pending'`)

/** What was delivered, each event once. */
const heardOnce = (): Passed[] => [
  ...new Map(network.passed.map((request) => [request.headers['webhook-id'], request])).values(),
]

async function start(): Promise<void> {
  const env = { ...process.env, WEBHOOK_SECRET: secret, INBOX: join(folder, 'inbox.db'), PORT: '0' }
  receiver = spawn(process.execPath, [RECEIVER], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const output = createInterface(receiver.stdout!)
  await new Promise<void>((resolve) => {
    // One listener for all: what follows the first line may come together with it.
    output.on('line', (said) => {
      const address = /^listening on (\S+)$/.exec(said)?.[1]
      if (!address) return done.push(said.replace(/ #\d+$/, ''))
      network.target = address
      resolve()
    })
  })
}

async function stop(): Promise<void> {
  receiver.kill('SIGKILL')
  await once(receiver, 'exit')
}
