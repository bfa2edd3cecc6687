import { beforeEach, expect } from 'vitest'
import type { Body } from './api-client.js'
import { eventually } from './eventually.js'
import { ada, logs, punctual, setWebhookStage, subscribe } from './webhook-stage.js'

const MINUTE = 60_000

/** A minute before each test. */
export let start: Date

export function setRecoveryStage(): void {
  setWebhookStage()
  beforeEach(async () => {
    start = punctual.clock.now()
    await punctual.advance(MINUTE)
  })
}

export const recover = (id: number, more: object = {}) =>
  ada.post(`/webhooks/${id}/recover`, { since: start, ...more })

/** The newest recovery, once it is through. */
export const finished = (id: number): Promise<Body> =>
  eventually(async () => {
    const [newest] = (await ada.get(`/webhooks/${id}/recoveries`)).body.data
    expect(newest.state).toBe('completed')
    return newest
  })

export const statuses = async (id: number): Promise<string[]> => (await logs(id)).map(({ status }) => status)

export const subscribed = async (more: object = {}): Promise<number> => (await subscribe(more)).body.id
