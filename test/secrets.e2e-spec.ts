import { createHmac } from 'node:crypto'
import { Webhook as Svix } from 'svix'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { eventually } from './support/eventually.js'
import { Receiver, type Received } from './support/receiver.js'
import { ada, punctual, receiver, setWebhookStage } from './support/webhook-stage.js'

setWebhookStage()

/** Secrets are shown on request and replaced without a delivery that a receiver could not verify. */

const HOUR = 60 * 60_000

let id: number
let first: string

beforeEach(async () => {
  const { body } = await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.received'] })
  id = body.id
  first = body.secret
})

it('is revealed when it is asked for, and is the one that was given', async () => {
  const { status, body, headers } = await ada.post(`/webhooks/${id}/secret/reveal`)
  expect([status, body]).toEqual([200, { secret: first, previousUntil: null }])
  expect(headers.get('cache-control')).toBe('no-store')
})

describe('a rotation', () => {
  it('has both secrets verify until the overlap ends, by both packages, and then only the new one', async () => {
    const known = await delivery() // a worker that knows the first one must learn of the second
    expect(verifiers(known, first)).toEqual([true, true])
    const { secret, previousUntil } = (await rotate({ overlapHours: 2 })).body
    expect(secret).toMatch(/^whsec_.{44}$/)
    expect(secret).not.toBe(first)
    expect(Date.parse(previousUntil)).toBe(punctual.clock.now().getTime() + 2 * HOUR)
    const during = await delivery()
    expect([verifiers(during, first), verifiers(during, secret)]).toEqual([
      [true, true],
      [true, true],
    ])
    await punctual.advance(2 * HOUR - 1)
    expect(verifiers(await delivery(), first)).toEqual([true, true])
    await punctual.advance(1)
    const after = await delivery()
    expect([verifiers(after, first), verifiers(after, secret)]).toEqual([
      [false, false],
      [true, true],
    ])
    expect((await ada.post(`/webhooks/${id}/secret/reveal`)).body).toEqual({ secret, previousUntil: null })
  })

  it('has the hex signature, of which there is one, made by the new secret', async () => {
    const { secret } = (await rotate()).body
    const { headers, text } = await delivery()
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    expect(headers['x-webhook-signature']).toBe(createHmac('sha256', key).update(text).digest('hex'))
  })

  it('lasts a day unless told otherwise, and no time where the secret has leaked', async () => {
    const { previousUntil } = (await rotate()).body
    expect(Date.parse(previousUntil)).toBe(punctual.clock.now().getTime() + 24 * HOUR)
    const leaked = (await ada.post(`/webhooks/${id}/secret/reveal`)).body.secret
    expect((await rotate({ overlapHours: 0 })).body.previousUntil).toBeNull()
    expect(verifiers(await delivery(), leaked)).toEqual([false, false])
    for (const overlapHours of [-1, 169, 1.5, null, '24'])
      expect((await rotate({ overlapHours })).status).toBe(400)
  })

  it('of a rotation forgets the secret before the last one', async () => {
    const second = (await rotate()).body.secret
    const third = (await rotate()).body.secret
    const sent = await delivery()
    expect([first, second, third].map((secret) => verifiers(sent, secret)[0])).toEqual([false, true, true])
  })

  it('keeps both sealed, and the old one no longer than it signs', async () => {
    const { secret } = (await rotate({ overlapHours: 1 })).body
    const [row] = await secrets()
    expect(JSON.stringify(row)).not.toContain(secret.slice(6))
    expect(JSON.stringify(row)).not.toContain(first.slice(6))
    expect(row!.previous_secret).not.toBeNull()
    await punctual.advance(2 * HOUR)
    await eventually(async () => expect((await secrets())[0]!.previous_secret).toBeNull())
  })
})

const rotate = (body?: object) => ada.post(`/webhooks/${id}/secret/rotate`, body)

const secrets = () =>
  punctual.query<{ secret: string; previous_secret: string | null }>(
    'select secret, previous_secret from webhooks where id = $1',
    [id],
  )

/** Of an event that happens now. */
async function delivery(): Promise<Received> {
  const before = receiver.received.length
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
  return eventually(() => {
    expect(receiver.received).toHaveLength(before + 1)
    return receiver.received[before]!
  })
}

/** Whether standardwebhooks and svix accept what was received. */
function verifiers(received: Received, secret: string): boolean[] {
  const now = punctual.clock.now()
  return [() => Receiver.verify(received, secret, now), () => verifyBySvix(received, secret, now)].map(
    (verify) => {
      try {
        verify()
        return true
      } catch {
        return false
      }
    },
  )
}

function verifyBySvix({ headers, text }: Received, secret: string, now: Date): unknown {
  vi.useFakeTimers({ toFake: ['Date'], now })
  try {
    return new Svix(secret).verify(text, headers as Record<string, string>)
  } finally {
    vi.useRealTimers()
  }
}
