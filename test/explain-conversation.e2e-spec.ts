import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { MINUTE, ok } from './support/mailbox.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

it("explains the whole conversation by any of its messages, and never another tenant's", async () => {
  const [ada, bob] = [await punctual.tenant(), await punctual.tenant()]
  const first = await post(ada)
  await ada.post(`/emails/${first.id}/reply`, { text: 'Because.' })
  await punctual.advance(MINUTE)
  const second = await post(ada, { inReplyTo: first.messageId, messageId: 'second@example.com' })
  for (const { id } of [first, second]) {
    const { clocks } = await explained(ada, id)
    const told = clocks.map(({ metric, emailId, state }: Body) => [metric, emailId, state])
    expect(told).toEqual([
      ['first_reply', first.id, 'met'],
      ['next_reply', second.id, 'running'],
    ])
    expect((await bob.get(`/emails/${id}/sla/explain`)).status).toBe(404)
  }
})

it('of more than a hundred clocks explains those of the message that is asked about', async () => {
  const ada = await punctual.tenant()
  const first = await post(ada)
  const second = await post(ada, { inReplyTo: first.messageId })
  await punctual.query(
    `with added as (
       insert into sla_clocks (user_id, email_id, metric, round, started_at, target_seconds, warning_at, deadline_at,
         next_due_at)
       select user_id, $1, 'resolution', n, received_at, 60, received_at, received_at, received_at
       from emails, generate_series(1, 101) n where id = $1 returning *)
     insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
     select id, 'started', started_at, started_at, '{"targetSeconds":60,"warningPercent":20,"policyVersionId":null,
       "calendarVersionId":null}' from added`,
    [second.id],
  )
  const ofFirst = await explained(ada, first.id)
  expect(ofFirst.isPartial).toBe(true)
  expect(ofFirst.clocks).toHaveLength(100)
  expect(ofFirst.clocks.map(({ emailId }: Body) => emailId)).toContain(first.id)
  const ofSecond = await explained(ada, second.id)
  expect(new Set(ofSecond.clocks.map(({ emailId }: Body) => emailId))).toEqual(new Set([second.id]))
})

const explained = (client: ApiClient, id: number): Promise<Body> =>
  ok(client.get(`/emails/${id}/sla/explain`))
const post = (client: ApiClient, more: object = {}): Promise<Body> =>
  ok(client.post('/emails', { from: { address: 'c@mail.example.com' }, subject: 'S', text: 'T', ...more }))
