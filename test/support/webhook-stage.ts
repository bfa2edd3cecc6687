import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { ApiClient, Body } from './api-client.js'
import { eventually } from './eventually.js'
import { Receiver, type Received } from './receiver.js'
import { startTestApp, type TestApp } from './test-app.js'

export let punctual: TestApp
export let receiver: Receiver
export let ada: ApiClient

/** What tests of webhooks play on: an application for the file, and a receiver and a tenant of Ada's for each test. */
export function setWebhookStage(): void {
  beforeAll(async () => {
    punctual = await startTestApp()
  })
  afterAll(() => punctual.stop())
  beforeEach(async () => {
    receiver = await Receiver.start()
    ada = await punctual.tenant()
  })
  afterEach(() => receiver.stop())
}

/** To what is received, unless it says otherwise. */
export const subscribe = (more: object = {}) =>
  ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.received'], ...more })

/** A customer writes. */
export const email = async (more: object = {}): Promise<Body> =>
  (await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T', ...more })).body

/** A webhook's deliveries, newest first. */
export const logs = async (id: number, query = ''): Promise<Body[]> =>
  (await ada.get(`/webhooks/${id}/logs${query}`)).body.data

export const log = async (id: number): Promise<Body> => (await logs(id))[0]!

/** All that has arrived, once it is so many deliveries. */
export const arrived = (count: number): Promise<Received[]> =>
  eventually(() => {
    expect(receiver.received).toHaveLength(count)
    return receiver.received
  })

export const before = (instant: Date, ms: number) => new Date(instant.getTime() - ms).toISOString()
