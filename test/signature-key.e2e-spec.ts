import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { Receiver, type Received } from './support/receiver.js'
import { ada, punctual, receiver, setWebhookStage } from './support/webhook-stage.js'

setWebhookStage()

describe('the older header', () => {
  it('is keyed as the answers say, which show it in words that can be run', async () => {
    for (const signatureKey of ['decoded', 'raw']) {
      const url = receiver.url
      const { body } = await ada.post('/webhooks/subscribe', {
        ...{ url, events: ['team.member.added'] },
        ...(signatureKey === 'raw' && { signatureKey }), // decoded, unless it is said
      })
      expect(body.signatureKey).toBe(signatureKey)
      const sent = await memberAdded()
      expectToVerify(body, sent)
      const rotated = (await ada.post(`/webhooks/${body.id}/secret/rotate`, { overlapHours: 0 })).body
      expect(rotated.verification).toEqual(body.verification)
      expectToVerify(rotated, await memberAdded())
      expect((await ada.post(`/webhooks/${body.id}/secret/reveal`)).body).toEqual(rotated)
      await ada.delete(`/webhooks/subscribe/${body.id}`)
    }
  })

  it('changes with the webhook, whose deliveries verify by the packages all the same', async () => {
    const { id, secret } = (await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['*'] })).body
    expect((await ada.patch(`/webhooks/subscribe/${id}`, { signatureKey: 'raw' })).body.signatureKey).toBe(
      'raw',
    )
    const sent = await memberAdded()
    expect(sent.headers['x-webhook-signature']).toBe(
      createHmac('sha256', secret).update(sent.text).digest('hex'),
    )
    Receiver.verify(sent, secret, punctual.clock.now())
    for (const signatureKey of ['hex', null, 1])
      expect((await ada.patch(`/webhooks/subscribe/${id}`, { signatureKey })).status).toBe(400)
  })
})

/** Runs what the answer says. */
function expectToVerify({ secret, verification }: Body, { headers, text }: Received): void {
  const run = (expression: string): string =>
    new Function(
      ...['createHmac', 'secret', 'rawBody', 'webhookId', 'webhookTimestamp'],
      `return ${expression}`,
    )(createHmac, secret, text, headers['webhook-id'], headers['webhook-timestamp'])
  expect(headers['x-webhook-signature']).toBe(run(verification.xWebhookSignature))
  const standard = verification.webhookSignature.replace('one of its values is ', '')
  expect(String(headers['webhook-signature']).split(' ')).toContain(run(standard))
}

async function memberAdded(): Promise<Received> {
  const before = receiver.received.length
  await ada.post('/team/members', { name: 'M', email: `m${before}@example.com`, role: 'agent' })
  return eventually(() => {
    expect(receiver.received).toHaveLength(before + 1)
    return receiver.received[before]!
  })
}
