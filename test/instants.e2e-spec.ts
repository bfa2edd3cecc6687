import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cursorOf } from '../src/http/paging.js'
import type { ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** JavaScript takes each of these for some other instant, and PostgreSQL refuses them. */
const IMPOSSIBLE = [
  '2026-02-29T00:00:00.000Z',
  '2026-02-31T00:00:00.000Z',
  '2026-04-31T12:00:00.000Z',
  '2026-02-30T23:59:59.999+01:00',
  '2026-03-02T24:00:00.000Z',
]
const NONE = [
  ...IMPOSSIBLE,
  '2026-13-01T00:00:00.000Z',
  '2026-00-10T00:00:00.000Z',
  '2026-01-00T00:00:00.000Z',
  '2026-03-02T09:60:00.000Z',
  '2026-03-02T09:00:60.000Z',
  '2026-03-02T09:00:00.000+24:00',
  '2026-03-02T09:00:00.000+01:60',
  '2026-03-02T09:00:00.000',
  '0000-01-01T00:00:00.000Z',
  '1969-12-31T23:59:59.999Z',
  '9999-12-31T23:59:59.999-00:01',
  '+010000-01-01T00:00:00.000Z',
  '-000001-01-01T00:00:00.000Z',
  '2026-03-02T09:00:00.000Z\0',
  '２０２６-03-02T09:00:00.000Z',
]

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

describe.each(NONE)('%s is no instant', (text) => {
  it('that a mail came at', async () => {
    const { status, body } = await ada.post('/emails', {
      from: { address: 'a@example.com' },
      subject: 's',
      text: 't',
      receivedAt: text,
    })
    expect([status, body.code]).toEqual([400, text.includes('\0') ? expect.any(String) : 'validation_failed'])
  })

  it('in a cursor, of either order', async () => {
    for (const sort of ['received', 'deadline'])
      expect(await ada.get(`/emails?sort=${sort}&cursor=${cursorOf([text, 1])}`)).toMatchObject({
        status: 400,
      })
  })
})

it('days that exist are instants, with any offset', async () => {
  for (const text of [
    '2024-02-29T00:00:00Z',
    '2026-02-28T23:59+14:00',
    '2026-01-01T00:00:00.123456789-12:00',
  ]) {
    const body = { from: { address: 'a@example.com' }, subject: 's', text: 't', receivedAt: text }
    expect((await ada.post('/emails', body)).body.receivedAt).toBe(new Date(text).toISOString())
  }
})

it.each(['since', 'until'])('%s of a recovery and of a list of deliveries is an instant', async (field) => {
  const { id } = (await ada.post('/webhooks/subscribe', { url: 'http://127.0.0.1:1/', events: ['*'] })).body
  const range = { since: '2026-03-01T00:00:00Z', until: '2026-03-02T00:00:00Z' }
  for (const text of IMPOSSIBLE) {
    const recovery = await ada.post(`/webhooks/${id}/recover`, { ...range, [field]: text })
    expect([text, recovery.status, recovery.body.errors?.[0].field]).toEqual([text, 400, field])
    const list = await ada.get(`/webhooks/${id}/logs?${field}=${encodeURIComponent(text)}`)
    expect([text, list.status, list.body.errors?.[0].field]).toEqual([text, 400, field])
  }
})

it('a NUL or half a surrogate pair is refused wherever it stands', async () => {
  for (const path of [
    '/emails?q=%00',
    '/emails?q=%ED%A0%80',
    '/emails?q=%C3',
    '/emails?q=100%',
    '/emails?limit=1&%FF=x',
    '/emails/%ED%A0%80',
    '/emails/%C3',
    '/emails/%00',
    '/emails?assignee=%00',
    `/emails?cursor=${cursorOf(['2026-03-02T09:00:00.000Z', '\0'])}`,
    `/emails?cursor=${cursorOf(['\ud800', 1])}`,
    `/events?after=${cursorOf(['\0', 1])}`,
  ])
    expect([path, (await ada.get(path)).status]).toEqual([path, 400])
  expect((await ada.get('/emails?q=%C3%A9+100%25')).status).toBe(200)
})
