import { afterAll, afterEach, beforeAll } from 'vitest'
import { DeliveryQueue } from '../../src/webhooks/delivery-queue.js'
import type { ApiClient } from './api-client.js'
import { startTestApp, type TestApp } from './test-app.js'

/** A process that is no worker, so that the test alone claims, and a tenant with webhooks that lead nowhere. */

export const ROOM = 16
export let punctual: TestApp
export let ada: ApiClient

export function setClaimStage(): void {
  beforeAll(async () => {
    punctual = await startTestApp({ PROCESS_ROLES: 'api' })
    ada = await punctual.tenant()
  })
  afterEach(() => punctual.query('delete from webhooks'))
  afterAll(() => punctual.stop())
}

export const queue = () => punctual.app.get(DeliveryQueue)

export async function subscribe(settings: object = {}): Promise<number> {
  const target = { url: 'http://127.0.0.1:9/', events: ['email.*'], ...settings }
  return (await ada.post('/webhooks/subscribe', target)).body.id
}
