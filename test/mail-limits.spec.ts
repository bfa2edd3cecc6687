import { createHash } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, describe, expect, it } from 'vitest'
import { MailParser } from '../src/emails/mail-parser.js'
import { UnreadableMail } from '../src/emails/parsed-mail.js'

const parser = new MailParser()
afterAll(() => parser.onApplicationShutdown())

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

describe('what is no mail', () => {
  const mixed = 'From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
  const nested = Array.from(
    { length: 150 },
    (_, depth) => `Content-Type: multipart/mixed; boundary=${depth}x\r\n\r\n--${depth}x\r\n`,
  )

  it.each([
    ['nothing', '', /empty/],
    ['blank lines', '\r\n \r\n', /empty/],
    ['no header', 'Hello,\r\n\r\nI only write text.', /headers/],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /headers/],
    ['a nesting bomb', `From: a@example.com\r\n${nested.join('')}`, /nests more than 100/],
    ['a flood of headers', `From: a@example.com\r\n${'X-A: b\r\n'.repeat(100_000)}\r\n`, /headers .* larger/],
    [
      'a flood of attachments',
      `${mixed}${'--b\r\nContent-Type: a/b\r\n\r\nx\r\n'.repeat(1001)}`,
      /1000 attachments/,
    ],
    ['too much', Buffer.alloc(65 * 1024 * 1024, 'From: a@example.com\r\n'), /larger than 64 MiB/],
  ])('is refused with a reason: %s', async (_, raw, reason) => {
    const refusal = await parser.parse(Buffer.from(raw as string), 'tenant').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UnreadableMail)
    expect((refusal as UnreadableMail).reason).toMatch(reason)
  })

  it('is what takes too long, and the next mail is read all the same', async () => {
    const hasty = new MailParser()
    hasty.budgetMs = 1
    const large = Buffer.from(`From: a@example.com\r\n\r\n${'a b\r\n'.repeat(900_000)}`)
    await expect(hasty.parse(large, 'tenant')).rejects.toThrow('too long')
    hasty.budgetMs = 5_000
    expect((await hasty.parse(Buffer.from('From: a@example.com\r\n\r\nHello'), 'tenant')).text).toBe(
      'Hello\n',
    )
    await hasty.onApplicationShutdown()
  })
})

describe('reading a large mail', () => {
  it('leaves the event loop free and the raw bytes untouched', async () => {
    const zip = Buffer.alloc(20_000_000, 'not really a zip ')
    const body = zip.toString('base64').replace(/.{76}/g, '$&\r\n')
    const raw = Buffer.from(
      `From: a@example.com\r\nContent-Type: a/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`,
    )
    const before = sha256(raw)
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const mails = await Promise.all([raw, raw, raw, raw].map((one) => parser.parse(one, 'tenant')))
    delay.disable()
    console.log(
      `4 mails of ${(raw.length / 1e6).toFixed(0)} MB: longest event loop delay ${(delay.max / 1e6).toFixed(1)} ms`,
    )
    expect(mails.map(({ attachments }) => attachments[0]!.sha256)).toEqual(Array(4).fill(sha256(zip)))
    expect(sha256(raw)).toBe(before)
  })
})
