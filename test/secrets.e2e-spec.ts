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
  expect([status, body]).toMatchObject([200, { secret: first, previousUntil: null }])
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
    expect(await reveal()).toMatchObject({ secret, previousUntil: null })
  })

  it('has the hex signature, of which there is one, made by the old secret until its end', async () => {
    const { secret } = (await rotate({ overlapHours: 2 })).body
    expect(hexKeyOf(await delivery(), { first, secret })).toBe('first')
    await punctual.advance(2 * HOUR - 1)
    expect(hexKeyOf(await delivery(), { first, secret })).toBe('first')
    await punctual.advance(1)
    expect(hexKeyOf(await delivery(), { first, secret })).toBe('secret')
  })

  it('lasts a day unless told otherwise, and no time where the secret has leaked', async () => {
    const { previousUntil } = (await rotate()).body
    expect(Date.parse(previousUntil)).toBe(punctual.clock.now().getTime() + 24 * HOUR)
    const leaked = (await reveal()).secret
    expect((await rotate({ overlapHours: 0 })).body.previousUntil).toBe(previousUntil) // of the one before
    expect(verifiers(await delivery(), leaked)).toEqual([false, false])
    for (const overlapHours of [-1, 169, 1.5, null, '24'])
      expect((await rotate({ overlapHours })).status).toBe(400)
  })

  it('within another one keeps every secret until the end that it was promised', async () => {
    const second = (await rotate({ overlapHours: 4 })).body.secret
    const third = (await rotate({ overlapHours: 2 })).body.secret
    const fourth = (await rotate({ overlapHours: 0 })).body.secret
    const secrets = { first, second, third, fourth }
    const fits = async () => {
      const sent = await delivery()
      const names = Object.entries(secrets).filter(([, secret]) => verifiers(sent, secret).every(Boolean))
      return [...names.map(([name]) => name), `hex by ${hexKeyOf(sent, secrets)}`]
    }
    expect(await fits()).toEqual(['first', 'second', 'fourth', 'hex by first'])
    await punctual.advance(2 * HOUR)
    expect(await fits()).toEqual(['first', 'fourth', 'hex by first'])
    await punctual.advance(2 * HOUR - 1)
    expect(await fits()).toEqual(['first', 'fourth', 'hex by first'])
    await punctual.advance(1)
    expect(await fits()).toEqual(['fourth', 'hex by fourth'])
  })

  it('ends all former secrets at once where that is asked for', async () => {
    const second = (await rotate()).body.secret
    const { secret, previousUntil } = (await rotate({ overlapHours: 0, endFormer: true })).body
    expect(previousUntil).toBeNull()
    const sent = await delivery()
    expect([first, second, secret].map((one) => verifiers(sent, one)[0])).toEqual([false, false, true])
  })

  it('is refused while ten still sign', async () => {
    for (let n = 0; n < 10; n++) expect((await rotate()).status).toBe(200)
    expect(await rotate()).toMatchObject({ status: 409, body: { code: 'too_many_secrets' } })
    expect((await rotate({ endFormer: true })).status).toBe(200)
  })

  it('by a process of the release before this is understood, and what this one writes is understood there', async () => {
    await rotate({ overlapHours: 3 })
    const [own] = await secrets()
    expect(own).toMatchObject({
      previous_secret: own!.former_secrets![0]!.secret,
      previous_secret_until: punctual.clock.in(3 * HOUR) && new Date(punctual.clock.in(3 * HOUR)),
    })
    const second = (await reveal()).secret
    await punctual.query(
      // as that release rotates
      `update webhooks set version = version + 1, previous_secret = secret, previous_secret_until = $2::timestamptz + interval '1 hour'
       where id = $1`,
      [id, punctual.clock.now()],
    )
    const sent = await delivery()
    expect([first, second].map((one) => verifiers(sent, one)[0])).toEqual([true, true])
    expect((await reveal()).previousUntil).toBe(punctual.clock.in(3 * HOUR))
  })

  it('keeps all sealed, and the old ones no longer than they sign', async () => {
    await rotate({ overlapHours: 3 })
    const { secret } = (await rotate({ overlapHours: 1 })).body
    const [row] = await secrets()
    expect(row!.former_secrets).toHaveLength(2)
    expect(JSON.stringify(row)).not.toContain(secret.slice(6))
    expect(JSON.stringify(row)).not.toContain(first.slice(6))
    expect(row!.previous_secret).not.toBeNull()
    await punctual.advance(2 * HOUR)
    await eventually(async () => {
      const [left] = await secrets()
      expect(left!.previous_secret).toBeNull()
      expect(left!.former_secrets).toEqual([row!.former_secrets![1]])
    })
    await punctual.advance(2 * HOUR)
    await eventually(async () => expect((await secrets())[0]!.former_secrets).toBeNull())
  })
})

const reveal = async () => (await ada.post(`/webhooks/${id}/secret/reveal`)).body

const rotate = (body?: object) => ada.post(`/webhooks/${id}/secret/rotate`, body)

interface StoredSecrets {
  secret: string
  previous_secret: string | null
  previous_secret_until: Date | null
  former_secrets: { secret: string }[] | null
}

const secrets = () =>
  punctual.query<StoredSecrets>(
    'select secret, previous_secret, previous_secret_until, former_secrets from webhooks where id = $1',
    [id],
  )

/** Which of the secrets, decoded, the older header was made with. */
const hexKeyOf = ({ headers, text }: Received, by: Record<string, string>): string | undefined =>
  Object.entries(by).find(([, secret]) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    return headers['x-webhook-signature'] === createHmac('sha256', key).update(text).digest('hex')
  })?.[0]

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
