import { describe, expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import {
  ada,
  email,
  log,
  logs,
  punctual,
  receiver,
  setWebhookStage,
  subscribe,
} from './support/webhook-stage.js'

setWebhookStage()

/** Webhooks are paused and resumed without a loss. */

const DAY = 24 * 60 * 60_000

describe('a pause', () => {
  it('keeps what happens, and the resumption delivers it at a bounded rate', async () => {
    const { id } = (await subscribe()).body
    expect((await pause(id)).body).toMatchObject({ isActive: false, inactiveBecause: 'paused' })
    const since = (await pause(id)).body.inactiveSince
    for (let n = 0; n < 25; n++) await email()
    await punctual.advance(1_000)
    expect((await pause(id)).body.inactiveSince).toBe(since)
    expect(receiver.received).toEqual([])
    const resumed = (await resume(id)).body
    expect(resumed).toMatchObject({ isActive: true, inactiveBecause: null, inactiveSince: null })
    await eventually(() => expect(receiver.received).toHaveLength(10))
    await drained(25)
    expect((await resume(id)).body).toMatchObject({ isActive: true })
  })

  it('stops retries as well, and resuming goes on with them', async () => {
    const { id } = (await subscribe()).body
    receiver.answer = () => 500
    await email()
    await eventually(async () => expect((await log(id)).attempts).toBe(1))
    await pause(id)
    await punctual.advance(10_000)
    expect(await log(id)).toMatchObject({ status: 'pending', attempts: 1, dueAt: null })
    receiver.answer = () => 204
    await resume(id)
    await eventually(async () => expect(await log(id)).toMatchObject({ status: 'success', attempts: 2 }))
  })

  it('stops a delivery that fails after it, though it was in hand before', async () => {
    const { id } = (await subscribe()).body
    let release: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      receiver.hold = (answer) => {
        release = answer
        resolve()
      }
    })
    receiver.answer = () => 500
    await email()
    await asked
    await pause(id)
    release()
    await eventually(async () =>
      expect(await log(id)).toMatchObject({ attempts: 1, dueAt: null, status: 'pending' }),
    )
  })

  it('may end what a 410 began', async () => {
    const { id } = (await subscribe()).body
    receiver.answer = () => 410
    await email()
    await eventually(async () =>
      expect((await ada.get(`/webhooks/subscribe/${id}`)).body.inactiveBecause).toBe('gone'),
    )
    await email()
    receiver.answer = () => 204
    await resume(id)
    await eventually(async () => expect((await log(id)).status).toBe('success'))
  })

  it('of a webhook that fails again after it is told of, as any outage', async () => {
    const { id } = (await subscribe({ retryCount: 0 })).body
    await pause(id)
    for (let n = 0; n < 6; n++) await email()
    receiver.answer = () => 500
    await resume(id)
    await eventually(async () =>
      expect((await ada.get('/alerts')).body.data.map(({ type }: Body) => type)).toEqual(['webhook.failing']),
    )
  })

  it('keeps an event for 14 days, and then its delivery has expired', async () => {
    const { id } = (await subscribe()).body
    await pause(id)
    await email()
    await punctual.advance(13 * DAY)
    await email()
    await punctual.advance(DAY - 1)
    expect((await logs(id)).map(({ status }: Body) => status)).toEqual(['pending', 'pending'])
    await punctual.advance(2 * 60 * 60_000)
    await eventually(async () =>
      expect((await logs(id))[1]).toMatchObject({ status: 'failed', errorMessage: 'expired', attempts: 0 }),
    )
    expect(await log(id)).toMatchObject({ status: 'pending' })
    await email()
    expect(await logs(id)).toHaveLength(2)
    await resume(id)
    await eventually(async () => expect((await log(id)).status).toBe('success'))
    expect(receiver.received).toHaveLength(1)
  })
})

/** Time passes until so many have arrived, as they are set free. */
const drained = (count: number) =>
  eventually(async () => {
    punctual.clock.advance(100)
    await punctual.advance(0)
    expect(receiver.received).toHaveLength(count)
  })

const pause = (id: number) => ada.post(`/webhooks/${id}/pause`)

const resume = (id: number) => ada.post(`/webhooks/${id}/resume`)
