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

/** The order of one email's events may be asked for, or given up, while deliveries are under way. */

describe('a change of ordering while deliveries wait', () => {
  it('puts those of one email in order, whichever of them was in hand', async () => {
    const { id } = (await subscribe({ events: ['email.*'], ordering: 'none' })).body
    receiver.answer = () => 500
    const { id: emailId } = await email()
    await eventually(async () => expect((await log(id)).attempts).toBe(1))
    await ada.post(`/emails/${emailId}/reply`, { text: 'Because.' })
    await ada.post(`/emails/${emailId}/resolve`)
    await eventually(async () =>
      expect((await logs(id)).map(({ attempts }: Body) => attempts)).toEqual([1, 1, 1]),
    )
    // As though the first were in hand at the moment of the change, claimed before there was an order.
    const [first] = (await logs(id)).toReversed()
    await change(id, { ordering: 'email' })
    expect((await logs(id)).map(({ dueAt }: Body) => dueAt !== null)).toEqual([false, false, true])
    receiver.answer = () => 204
    receiver.received.length = 0
    await punctual.advance(2_000)
    await eventually(() => expect(receiver.received).toHaveLength(3))
    expect(receiver.received.map(({ body }) => body.sequence)).toEqual([1, 2, 3])
    expect(first.eventId).toBe(receiver.received[0]!.body.id)
  })

  it('lets the next one go after one that was claimed before there was an order', async () => {
    const { id } = (await subscribe({ events: ['email.*'], ordering: 'none' })).body
    let release: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      receiver.hold = (answer) => {
        receiver.hold = undefined
        release = answer
        resolve()
      }
    })
    const { id: emailId } = await email()
    await asked
    receiver.answer = () => 500
    await ada.post(`/emails/${emailId}/resolve`)
    await eventually(async () => expect((await log(id)).attempts).toBe(1))
    await change(id, { ordering: 'email' })
    expect((await log(id)).dueAt).toBeNull()
    receiver.answer = () => 204
    release()
    await eventually(async () =>
      expect((await logs(id)).map(({ status }: Body) => status)).toEqual(['success', 'success']),
    )
  })

  it('back to none lets everything go', async () => {
    const { id } = (await subscribe({ events: ['email.*'], ordering: 'email' })).body
    receiver.answer = ({ body }) => (body.event === 'email.received' ? 500 : 204)
    const { id: emailId } = await email()
    await ada.post(`/emails/${emailId}/resolve`)
    await eventually(async () => expect((await logs(id))[1].attempts).toBe(1))
    expect(await log(id)).toMatchObject({ attempts: 0, dueAt: null })
    await change(id, { ordering: 'none' })
    await eventually(async () => expect((await log(id)).status).toBe('success'))
  })
})

const change = (id: number, changes: object) => ada.patch(`/webhooks/subscribe/${id}`, changes)
