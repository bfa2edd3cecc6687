import { expect, it } from 'vitest'
import { ApiClient } from './support/api-client.js'
import { startTestApp } from './support/test-app.js'

it('a process with the role worker answers only for its health', async () => {
  const worker = await startTestApp({ PROCESS_ROLES: 'worker' })
  try {
    const client = new ApiClient(worker.baseUrl)
    expect((await client.get('/health/ready')).status).toBe(200)
    expect(await client.post('/auth/login', {})).toMatchObject({ status: 404, body: { code: 'not_found' } })
  } finally {
    await worker.stop()
  }
})

it('a process with the role api leaves due work to others', async () => {
  const api = await startTestApp({ PROCESS_ROLES: 'api' })
  try {
    const ada = await api.tenant()
    const subscription = { url: 'http://127.0.0.1:9/', events: ['email.received'] }
    const { id } = (await ada.post('/webhooks/subscribe', subscription)).body
    await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
    await api.advance(600_000_000)
    expect((await ada.get(`/webhooks/${id}/logs`)).body.data).toMatchObject([
      { status: 'pending', attempts: 0 },
    ])
    expect((await ada.get('/alerts')).body.data).toEqual([])
  } finally {
    await api.stop()
  }
})
