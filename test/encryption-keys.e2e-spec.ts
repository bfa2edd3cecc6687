import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cipher } from '../src/config/cipher.js'
import type { Config } from '../src/config/config.js'
import { KeyCanary } from '../src/database/key-canary.js'
import { conclusion, Resealing } from '../src/database/resealing.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { SEALED_ANSWERS } from '../src/http/idempotency-answers.js'
import { SEALED_IN_WEBHOOKS } from '../src/webhooks/webhook-secrets.js'
import { eventually } from './support/eventually.js'
import { ada, punctual, receiver, setWebhookStage } from './support/webhook-stage.js'

setWebhookStage()

/** Secrets survive a change of the key, and a key that is missing is found by whoever must know. */

const MAIL = { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }
const PRESENT = () => punctual.app.get(Cipher)
const keysOf = (...keys: string[]) => new Cipher({ ENCRYPTION_KEYS: keys } as unknown as Config)
const other = (letter: string) => keysOf(letter.repeat(32))

describe('keys', () => {
  it('open what any of them has sealed, and seal with the first', () => {
    const [a, b] = ['a'.repeat(32), 'b'.repeat(32)]
    const both = keysOf(b, a)
    expect(both.open(keysOf(a).seal('x', 'here'), 'here')).toBe('x')
    expect(keysOf(b).open(both.seal('x', 'here'), 'here')).toBe('x')
    expect(new Cipher({ ENCRYPTION_KEY: a, ENCRYPTION_KEYS: [b] } as unknown as Config).keyIds).toEqual(
      both.keyIds,
    )
  })

  it('of another database keep a process from starting, and from being ready', async () => {
    const work = punctual.app.get(UnitOfWork)
    await expect(new KeyCanary(work, other('x')).onModuleInit()).rejects.toThrow(
      `sealed with the key ${PRESENT().keyId}, and ENCRYPTION_KEYS has ${other('x').keyId}:`,
    )
    const single = new Cipher({ ENCRYPTION_KEY: 'x'.repeat(32) } as Config)
    await expect(new KeyCanary(work, single).onModuleInit()).rejects.toThrow('and ENCRYPTION_KEY has')
    const [kept] = await work.query<{ sealed: string }>('select sealed from key_canary')
    await work.query('update key_canary set sealed = $1', [other('x').seal('sings', 'key canary')])
    const unready = await ada.get('/health/ready')
    await work.query('update key_canary set sealed = $1', [kept!.sealed])
    expect(unready).toMatchObject({ status: 503, body: { code: 'encryption_key_missing' } })
    expect((await ada.get('/health/ready')).body).toEqual({ status: 'ok' })
  })

  it('are agreed upon by the first of those that start together', async () => {
    const work = punctual.app.get(UnitOfWork)
    const [kept] = await work.query<{ sealed: string }>('delete from key_canary returning sealed').then(flat)
    const hook = { url: receiver.url, events: ['*'] }
    await ada.post('/webhooks/subscribe', hook)
    const starts = (letters: string) =>
      Promise.allSettled([...letters].map((letter) => new KeyCanary(work, other(letter)).onModuleInit()))
    // A database of the release before, which left no canary: its webhooks tell.
    expect((await starts('1')).map(({ status }) => status)).toEqual(['rejected'])
    await work.query('delete from webhooks')
    const started = (await starts('12121212')).map(({ status }) => status)
    expect(started.filter((status) => status === 'fulfilled')).toHaveLength(4)
    await work.query('update key_canary set sealed = $1', [kept!.sealed])
  })
})

it('a former secret whose key is missing holds nothing up, and goes with the next rotation', async () => {
  const { id } = (await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.received'] }))
    .body
  await ada.post(`/webhooks/${id}/secret/rotate`)
  await punctual.query(
    `update webhooks set version = version + 1, previous_secret = $2,
       former_secrets = jsonb_set(former_secrets, '{0,secret}', to_jsonb($2::text)) where id = $1`,
    [id, other('x').seal('lost', SEALED_IN_WEBHOOKS.boundTo(ada.tenantId))],
  )
  await ada.post('/emails', MAIL)
  await eventually(() => expect(receiver.received).toHaveLength(1))
  await ada.post(`/webhooks/${id}/secret/rotate`)
  const [row] = await punctual.query<{ former: unknown[] }>(
    'select former_secrets as former from webhooks where id = $1',
    [id],
  )
  expect(row!.former).toHaveLength(1)
  await ada.delete(`/webhooks/subscribe/${id}`)
})

describe('a secret whose key is missing', () => {
  let id: number
  let secret: string
  beforeEach(async () => {
    const hook = { url: receiver.url, events: ['email.received'], retryCount: 0 }
    const { body } = await ada.post('/webhooks/subscribe', hook)
    ;({ id, secret } = body)
    await sealWith(other('x'))
  })
  afterEach(() => ada.delete(`/webhooks/subscribe/${id}`))

  it('is named: at its webhook, in the log, in an alert, at readiness, and where it is asked for', async () => {
    await ada.post('/emails', MAIL)
    const hook = await eventually(async () => {
      const { body } = await ada.get(`/webhooks/subscribe/${id}`)
      expect(body).toMatchObject({ breaker: 'open', lastError: 'secret_unreadable', isActive: true })
      return body
    })
    expect(hook.lastStatus).toBe('failed')
    const { data } = (await ada.get(`/webhooks/${id}/logs`)).body
    expect(data).toMatchObject([{ status: 'pending', errorMessage: 'secret_unreadable' }])
    const alerts = (await ada.get('/alerts?type=webhook.failing')).body.data
    expect(alerts).toMatchObject([{ webhookId: id, severity: 'critical' }])
    expect(alerts[0].message).toContain('ENCRYPTION_KEYS')
    expect((await ada.get('/health/ready')).body).toEqual({
      status: 'ok',
      warnings: ['Secrets of 1 webhook cannot be opened: check ENCRYPTION_KEYS'],
    })
    expect(await ada.post(`/webhooks/${id}/secret/reveal`)).toMatchObject({
      status: 409,
      body: { code: 'secret_unreadable' },
    })
  })

  it('holds deliveries, however few retries they have, until the key is there', async () => {
    for (let count = 0; count < 3; count++) await ada.post('/emails', MAIL)
    const pending = async () => (await ada.get(`/webhooks/${id}/logs?status=pending`)).body.data
    await eventually(async () => {
      expect((await ada.get(`/webhooks/subscribe/${id}`)).body.breaker).toBe('open')
      expect(await pending()).toHaveLength(3)
    })
    const before = await tries()
    await punctual.advance(30_000)
    await eventually(async () => expect(await tries()).toBeGreaterThan(before))
    expect(receiver.received).toEqual([])
    await sealWith(PRESENT())
    await punctual.advance(30_000)
    await eventually(async () => {
      await punctual.advance(1_000)
      expect(receiver.received).toHaveLength(3)
    })
    await eventually(async () => expect(await pending()).toEqual([]))
    expect((await ada.get('/health/ready')).body).toEqual({ status: 'ok' })
  })

  const tries = async () =>
    (
      await punctual.query<{ n: number }>(
        `select count(*)::int as n from webhook_attempts a join webhook_logs l on l.id = a.delivery_id where webhook_id = $1`,
        [id],
      )
    )[0]!.n

  /** As if the process had been started with other keys. */
  const sealWith = (cipher: Cipher) =>
    punctual.query('update webhooks set secret = $2, version = version + 1 where id = $1', [
      id,
      cipher.seal(secret, `webhook:${ada.tenantId}`),
    ])
})

describe('a rotation of the key', () => {
  it('seals anew all that is sealed, wherever it stands, and does nothing when it is run again', async () => {
    const hook = { url: receiver.url, events: ['*'], headers: { 'X-A': 'one', 'X-B': 'two' } }
    const key = { 'idempotency-key': randomUUID() }
    const ids: number[] = []
    for (let count = 0; count < 3; count++)
      ids.push((await ada.post('/webhooks/subscribe', hook, key)).body.id)
    for (let count = 0; count < 3; count++) ids.push((await ada.post('/webhooks/subscribe', hook)).body.id)
    await ada.post(`/webhooks/${ids[0]}/secret/rotate`)
    await punctual.query(
      `insert into idempotency_keys (user_id, key, fingerprint, status_code, body)
       select user_id, key, fingerprint, status_code, body from idempotency_answers where user_id = $1`,
      [ada.tenantId],
    )
    const old = PRESENT()
    const both = new Cipher({
      ENCRYPTION_KEYS: ['n'.repeat(32)],
      ENCRYPTION_KEY: 'tests '.repeat(8),
    } as Config)
    const next = other('n')
    expect(both.keyIds).toEqual([next.keyId, old.keyId])

    const { unreadable, lines, end } = await rotateWith(both)
    expect([unreadable, lines]).toEqual([0, expect.arrayContaining(['webhooks: 2 rows sealed anew'])])
    expect(end).toContain(`run this again: when it seals nothing anew, ${old.keyId} may leave`)
    await new KeyCanary(punctual.app.get(UnitOfWork), both).reseal()
    expect(await placesWith(`v1.${old.keyId}.`)).toEqual([])
    const rows = await punctual.query<{ secret: string; headers: Record<string, string> }>(
      'select secret, headers from webhooks where user_id = $1',
      [ada.tenantId],
    )
    const place = `webhook:${ada.tenantId}`
    for (const { secret, headers } of rows) {
      expect(next.open(secret, place)).toMatch(/^whsec_/)
      expect(Object.values(headers).map((value) => next.open(value, place))).toEqual(['one', 'two'])
    }
    const again = await rotateWith(both)
    expect(again.lines).toContain('webhooks: nothing to seal anew')
    expect(again.end).toMatch(new RegExp(`If every process .* first, ${old.keyId} may leave ENCRYPTION_KEYS`))
    expect(await rotateWith(other('y'))).toMatchObject({ unreadable: rows.length + 2 })
    await rotateWith(
      new Cipher({ ENCRYPTION_KEYS: ['tests '.repeat(8), 'n'.repeat(32)] } as unknown as Config),
    )
    await new KeyCanary(punctual.app.get(UnitOfWork), old).reseal()
    expect((await ada.post('/webhooks/subscribe', hook, key)).body.id).toBe(ids[0])
  })

  /** In batches of two rows. */
  async function rotateWith(cipher: Cipher) {
    const lines: string[] = []
    const resealing = new Resealing(punctual.app.get(UnitOfWork), cipher, (line) => lines.push(line), 2)
    const resealed = await resealing.run([SEALED_IN_WEBHOOKS, ...SEALED_ANSWERS])
    return { ...resealed, lines, end: conclusion(cipher, resealed) }
  }

  /** Every column of every table that has such a text. */
  async function placesWith(text: string): Promise<string[]> {
    const columns = await punctual.query<{ table: string; name: string }>(
      `select c.table_name as table, c.column_name as name from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
       where table_schema = 'public' and t.table_type = 'BASE TABLE' and c.udt_name in ('text', 'json', 'jsonb', '_text')`,
    )
    const counts = columns.map(
      ({ table, name }) =>
        `select '${table}.${name}' as place where exists (select from "${table}" where strpos("${name}"::text, $1) > 0)`,
    )
    const found = await punctual.query<{ place: string }>(counts.join(' union all '), [text])
    return found.map(({ place }) => place)
  }
})

/** TypeORM gives what a DELETE returned together with its count. */
const flat = <Row>(answer: Row[]): Row[] => answer.flat(1).filter((row) => typeof row === 'object') as Row[]
