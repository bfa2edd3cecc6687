import { expect } from 'vitest'
import type { ApiClient, Body } from './api-client.js'
import { eventually } from './eventually.js'
import type { TestApp } from './test-app.js'

export const MINUTE = 60_000

/** A tenant whose mail is measured by one policy: what tests of clocks do and look at. */
export class Mailbox {
  private constructor(
    private readonly punctual: TestApp,
    readonly api: ApiClient,
    readonly policyId: number,
  ) {}

  static async open(punctual: TestApp): Promise<Mailbox> {
    const api = await punctual.tenant()
    const targets = { firstReplyMinutes: 100, nextReplyMinutes: 50, resolutionMinutes: 300 }
    const { id } = await ok(api.post('/sla/settings', { name: 'All', ...targets }))
    return new Mailbox(punctual, api, id)
  }

  /** The instant so many minutes from now, as answers write it. */
  at = (minutes: number): string =>
    new Date(this.punctual.clock.now().getTime() + minutes * MINUTE).toISOString()

  /** A customer writes. */
  post = (mail: object = {}): Promise<Body> =>
    ok(this.api.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T', ...mail }))

  /** The customer writes again. */
  follow = ({ messageId }: Body, mail: object = {}): Promise<Body> =>
    this.post({ inReplyTo: messageId, ...mail })

  reply = (id: number): Promise<Body> => ok(this.api.post(`/emails/${id}/reply`, { text: 'Hello' }))
  resolve = (id: number): Promise<Body> => ok(this.api.post(`/emails/${id}/resolve`))
  reopen = (id: number): Promise<Body> => ok(this.api.post(`/emails/${id}/reopen`))
  pause = (id: number, reason = 'on_hold'): Promise<Body> =>
    ok(this.api.post(`/emails/${id}/sla/pause`, { reason }))
  resume = (id: number): Promise<Body> => ok(this.api.post(`/emails/${id}/sla/resume`))
  changePolicy = (changes: object): Promise<Body> =>
    ok(this.api.patch(`/sla/settings/${this.policyId}`, changes))

  /** The clocks of its conversation. */
  clocks = async (id: number): Promise<Body[]> => (await ok(this.api.get(`/emails/${id}`))).clocks

  /** The same in two words each. */
  states = async (id: number): Promise<string[]> =>
    (await this.clocks(id)).map(({ metric, state, breachedAt }) =>
      state === 'running' && breachedAt ? `${metric} breached` : `${metric} ${state}`,
    )

  /** Nothing is due any more, and the last change of policies has reached every clock. */
  settled = (): Promise<void> =>
    eventually(async () => {
      const { body } = await this.api.get('/sla/recomputation')
      expect(body).toMatchObject({ isComplete: true, pendingClocks: 0 })
      const due = `select 1 from sla_clocks where next_due_at <= ${this.punctual.clock.sqlNow}`
      expect(await this.punctual.query(due)).toEqual([])
    })
}

export async function ok(answer: Promise<Body>): Promise<Body> {
  const { status, body } = await answer
  expect([200, 201], JSON.stringify(body)).toContain(status)
  return body
}
