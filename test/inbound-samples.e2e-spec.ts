import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiAnswer, ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

// Mail as mail systems and people really sent it. The samples have licences of their own and stay outside.
const SAMPLES = join(import.meta.dirname, '../../shared/mail')
const TABLES = ['emails', 'email_attachments', 'events', 'sla_clocks', 'webhook_logs']
const POSTED_AT_ONCE = 4

const present = existsSync(SAMPLES)
if (!present) console.log('inbound samples: there is no ../shared/mail beside the repository, skipped')

describe.skipIf(!present)('the samples of real mail, posted to /api/emails/inbound', () => {
  const files = globSync('**/*.eml', { cwd: SAMPLES }).sort()
  const answers = new Map<string, ApiAnswer>()
  let punctual: TestApp
  let ada: ApiClient
  let loopMaxMs: number

  beforeAll(async () => {
    punctual = await startTestApp()
    ada = await punctual.tenant()
    await ada.post('/webhooks/subscribe', { url: 'http://127.0.0.1:9/', events: ['email.received'] })
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    await postAll(files, (file, answer) => answers.set(file, answer))
    delay.disable()
    loopMaxMs = delay.max / 1e6
  }, 180_000)

  afterAll(() => punctual.stop())

  it('are taken in, or refused with a problem that says what is wrong', () => {
    const refused = [...answers].filter(([, { status }]) => status !== 201)
    for (const [file, { status, body }] of refused) console.log(`  ${file}: ${status} ${body.detail}`)
    console.log(`FIGURE inbound-samples ${answers.size} mails`)
    console.log(`FIGURE inbound-samples-refused ${refused.length} mails`)
    console.log(`FIGURE inbound-samples-event-loop-delay-max ${loopMaxMs.toFixed(1)} ms`)

    expect(answers.size).toBeGreaterThan(400)
    for (const [file, { status, headers, body }] of refused) {
      expect(status, file).toBeGreaterThanOrEqual(400)
      expect(status, file).toBeLessThan(500)
      expect(headers.get('content-type'), file).toContain('application/problem+json')
      expect(body, file).toMatchObject({
        code: expect.stringMatching(/\w/),
        detail: expect.stringMatching(/\w/),
      })
    }
    expect(refused.length / answers.size).toBeLessThan(0.02)
  })

  it('posted again are the emails that are there already', async () => {
    const before = await rowCounts()
    await postAll(files, (file, { status, body }) => {
      const first = answers.get(file)!
      expect(status, file).toBe(first.status)
      if (status === 201) expect(body, file).toMatchObject({ id: first.body.id, duplicate: true })
      else expect(body, file).toMatchObject({ code: first.body.code, detail: first.body.detail })
    })
    expect(await rowCounts()).toEqual(before)
  })

  it('are one email for each Message-ID', async () => {
    const taken = [...answers.values()].filter(({ status }) => status === 201).map(({ body }) => body)
    const stored = await punctual.query<{ messageId: string }>(`select message_id as "messageId" from emails`)
    expect(new Set(taken.map(({ messageId }) => messageId))).toEqual(
      new Set(stored.map((row) => row.messageId)),
    )
    expect(taken.filter(({ duplicate }) => !duplicate).length).toBe(stored.length)
  })

  it('stand in the threads that their In-Reply-To and References name', async () => {
    const pairs = await punctual.query<{ child: number; parent: number; joined: boolean }>(
      `select child.id as child, parent.id as parent, child.thread_id = parent.thread_id as joined
       from emails child join emails parent
         on parent.message_id = child.in_reply_to or parent.message_id = any(child.reference_ids)
       where parent.id <> child.id`,
    )
    expect(pairs.length).toBeGreaterThan(0)
    expect(pairs.filter(({ joined }) => !joined)).toEqual([])
    for (const { child, parent } of pairs) {
      const { thread } = (await ada.get(`/emails/${child}`)).body
      expect(thread.map(({ id }: { id: number }) => id)).toEqual(expect.arrayContaining([child, parent]))
    }
    // Mail that refers to nothing the mailbox has, and that nothing refers to, stands alone.
    for (const file of files.filter((name) => name.startsWith('threads'))) {
      const { id } = answers.get(file)!.body
      expect((await ada.get(`/emails/${id}`)).body.thread, file).toMatchObject([{ id }])
    }
  })

  it('give back every attachment, byte for byte, as a harmless download', async () => {
    const emails = await punctual.query<{ id: number }>(
      `select distinct email_id as id from email_attachments order by 1`,
    )
    let downloads = 0
    for (const { id } of emails) {
      for (const file of (await ada.get(`/emails/${id}`)).body.attachments) {
        const { headers, bytes } = await download(`/emails/${id}/attachments/${file.id}`)
        expect({ size: bytes.length, sha256: sha256(bytes) }, file.filename).toEqual({
          size: file.sizeBytes,
          sha256: file.sha256,
        })
        expect(headers.get('content-disposition')).toMatch(/^attachment/)
        downloads++
      }
    }
    const [stored] = await punctual.query<{ count: number }>(`select count(*) from email_attachments`)
    expect(downloads).toBe(stored!.count)
    expect(downloads).toBeGreaterThan(100)
  })

  async function postAll(names: string[], each: (file: string, answer: ApiAnswer) => void): Promise<void> {
    const left = names.toReversed()
    const post = async (): Promise<void> => {
      for (let file = left.pop(); file; file = left.pop()) each(file, await ada.postMail(join(SAMPLES, file)))
    }
    await Promise.all(Array.from({ length: POSTED_AT_ONCE }, post))
  }

  async function rowCounts(): Promise<unknown> {
    const counts = TABLES.map((table) => `(select count(*) from ${table}) as ${table}`)
    return punctual.query(`select ${counts.join(', ')}`)
  }

  async function download(path: string): Promise<{ headers: Headers; bytes: Buffer }> {
    const response = await fetch(`${punctual.baseUrl}/api${path}`, {
      headers: { authorization: `Bearer ${ada.token}` },
    })
    expect(response.status).toBe(200)
    return { headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
  }
})

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
