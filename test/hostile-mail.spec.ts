import { afterAll, describe, expect, it } from 'vitest'
import { MailParser } from '../src/emails/mail-parser.js'
import { UnreadableMail } from '../src/emails/parsed-mail.js'

const HEAD = 'From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n'
const MIXED = `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n`
const blanks = ' '.repeat(100_000)
const named = `--b\r\nContent-Type: a/b; name="a${'.'.repeat(9_990)}b"\r\nContent-Disposition: attachment\r\n\r\nx\r\n`
const nested = Array.from(
  { length: 90 },
  (_, depth) => `Content-Type: multipart/mixed; boundary=${depth}x\r\n\r\n--${depth}x\r\n`,
).join('')
const emptyParts = `${MIXED}${'--b\r\n'.repeat(400_000)}--b--\r\n`
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')
const html = (text: string) => `${HEAD}Content-Type: text/html\r\n\r\n${text}`

const encoded = (type: string, text: string) =>
  `${HEAD}Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(text)}`
const inside = (mail: string) => `--b\r\nContent-Type: message/rfc822\r\n\r\n${mail}`
const HTML_PART = '--b\r\nContent-Type: text/html\r\n\r\n<br>\r\n--b--\r\n'

const parser = new MailParser()
afterAll(() => parser.onApplicationShutdown())
const read = (mail: string) => parser.parse(Buffer.from(mail), 'tenant')

/** A thread computes for 5 s at most for a mail, so whatever takes more is refused for that and fails here. */
describe('a mail made to exhaust its reader', () => {
  it.each([
    ['a charset of blanks', `${HEAD}Content-Type: text/plain; charset="${blanks}x"\r\n\r\nhello`],
    [
      'a charset of other blanks',
      `${HEAD}Content-Type: text/plain; charset="${'\u00a0'.repeat(1e5)}x"\r\n\r\nhello`,
    ],
    ['a header of other blanks', `${HEAD}X-Auto-Response-Suppress: ${'\u00a0'.repeat(1e5)}x\r\n\r\nhello`],
    ['lines that look like boundaries', `${HEAD}${nested}\r\n${'--y\r\n'.repeat(300_000)}hello`],
    ['half a million lines', `${HEAD}\r\n${'\n'.repeat(500_000)}hello`],
    ['groups in groups', `${HEAD}Cc: ${'a:'.repeat(100_000)}\r\n\r\nhello`],
    ['a tag without an end', html(`hello <a ${'href '.repeat(1_000)}`)],
  ])('is read all the same: %s', async (_, mail) => {
    expect((await read(mail)).text).toContain('hello')
  })

  it.each([
    ['file names of dots', MIXED + named.repeat(48), 48],
    [
      'padded base64',
      `${HEAD}Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n${'AA==\r\n'.repeat(2e5)}`,
      1,
    ],
    ['half a million lines', `${HEAD}Content-Type: a/b\r\n\r\n${'\n'.repeat(500_000)}`, 1],
  ])('brings its attachments: %s', async (_, mail, count) => {
    expect((await read(mail)).attachments).toHaveLength(count)
  })

  it.each([
    ['links without an end', html('<a href='.repeat(100_000)), 'html'],
    ['entities', html('&amp;'.repeat(2_100_000)), 'html'],
    ['line breaks', encoded('text/html', '\n'.repeat(1_000_000)), 'html'],
    ['line breaks of a calendar', encoded('text/calendar', '\n'.repeat(2_100_000)), 'ics'],
    ['quotation marks beside HTML', `${MIXED}--b\r\n\r\n${'"'.repeat(4_100_000)}\r\n${HTML_PART}`, 'txt'],
  ])('keeps as an attachment what is no text to read: %s', async (_, mail, extension) => {
    const { text, attachments } = await read(mail)
    expect(text.trim()).toBe('')
    expect(attachments.map(({ filename }) => filename)).toEqual([`attachment-1.${extension}`])
    expect(attachments[0]!.size).toBeGreaterThan(790_000)
  })

  it.each([
    ['parts', emptyParts, /2,000 parts/],
    [
      'parts of a message inside',
      `${HEAD}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(emptyParts)}`,
      /2,000 parts/,
    ],
    ['messages', MIXED + inside(`${HEAD}\r\nx\r\n`).repeat(1_300), /1,200 messages/],
    ['lines', `${HEAD}\r\n${'\n'.repeat(1_100_000)}`, /1,000,000 lines/],
    [
      'bytes of groups in the headers of its messages',
      MIXED + inside(`${HEAD}Cc: ${'a:'.repeat(4_000)}\r\n\r\nx\r\n`).repeat(1_100),
      /bytes of headers/,
    ],
    [
      'of a boundary',
      `${HEAD}Content-Type: multipart/mixed; boundary=${'b'.repeat(5_000)}\r\n\r\n--b`,
      /boundary/,
    ],
  ])('is refused for too many %s', async (_, mail, reason) => {
    const refusal = await read(mail).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UnreadableMail)
    expect(refusal).toMatchObject({ code: 'mail_too_complex', reason: expect.stringMatching(reason) })
  })
})
