import type { ApiClient, Body } from './api-client.js'
import { eventually } from './eventually.js'
import { ok } from './mailbox.js'

/** A calendar of the tenant's. @returns its id */
export async function addCalendar(client: ApiClient, input: object): Promise<number> {
  return (await ok(client.post('/sla/calendars', { name: 'Office', ...input }))).id
}

/** Once every running clock follows the last change of policies and calendars. */
export const recomputed = (client: ApiClient): Promise<Body> =>
  eventually(async () => {
    const { body } = await client.get('/sla/recomputation')
    if (!body.isComplete) throw new Error('Not yet computed anew')
  })
