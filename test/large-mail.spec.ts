import { createHash } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { MailParser } from '../src/emails/mail-parser.js'

/** What people send that is large, or has much in it, and means no harm. */

const HEAD = 'From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n'
const CELL =
  '        <tr>\n            <td class="a">\n                value &amp; more\n            </td>\n        </tr>\n'
const LINE =
  '192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a?b=c&d=e&f=g HTTP/1.1" 200 1 "-" "Mozilla/5.0" "-" "x"\r\n'
const cells = (count: number) => `<table>\n${CELL.repeat(count)}</table>`
const log = (bytes: number) => LINE.repeat(bytes / LINE.length)
const json = (count: number) =>
  JSON.stringify(
    Array.from({ length: count }, (_, ts) => ({ ts, level: 'info', msg: 'hello', user: `u${ts}` })),
  )
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const parser = new MailParser()
afterAll(() => parser.onApplicationShutdown())
const read = (mail: string) => parser.parse(Buffer.from(mail), 'tenant')

function withFiles(...files: [type: string, content: string][]): string {
  const parts = files.map(
    ([type, content]) =>
      `--b\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename=file\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${base64(content)}\r\n`,
  )
  const text = `--b\r\nContent-Type: text/html\r\n\r\n<p>please help\r\n`
  return `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n${text}${parts.join('')}--b--\r\n`
}

const files: [name: string, files: [type: string, content: string][]][] = [
  ['a log of JSON', [['text/plain', json(80_000)]]],
  ['a report', [['text/html', cells(17_000)]]],
  ['an access log', [['text/plain', log(9e6)]]],
  ['two logs', [['text/plain', log(37e5)], ['text/plain', json(60_000)]]], // prettier-ignore
  ['a calendar', [['text/calendar', 'BEGIN:VEVENT\nEND:VEVENT\n'.repeat(150_000)]]],
]

it.each(files)('brings what is attached to it as it is: %s', async (_, attached) => {
  const { text, attachments } = await read(withFiles(...attached))
  expect(text).toContain('please help')
  expect(attachments.map((attachment) => attachment.sha256)).toEqual(
    attached.map(([, content]) => sha256(content)),
  )
})

it.each([
  ['indented HTML', 'text/html', cells(17_000), 250_000],
  ['a large table', 'text/html', cells(50_000), 740_000],
  ['a log', 'text/plain', log(9e6), 8_900_000],
  ['JSON', 'text/plain', json(150_000), 8_000_000],
])('has its text: %s', async (_, type, content, length) => {
  const mail = await read(
    `${HEAD}Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(content)}`,
  )
  expect(mail.attachments).toEqual([])
  expect(mail.text.length).toBeGreaterThan(length)
  expect(mail.html === null).toBe(type === 'text/plain')
})

describe('a digest of a thousand messages', () => {
  const headers = `Received: from a.example.com by b.example.com with ESMTPS id 1\r\n`.repeat(60)
  const alternative =
    'Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nhello\r\n' +
    '--c\r\nContent-Type: text/html\r\n\r\n<p>hello\r\n--c--\r\n'

  it.each([
    ['short ones', '\r\nhello\r\n'],
    ['with all headers', `${headers}\r\nhello\r\n`],
    ['with HTML beside the text', alternative],
  ])('is read: %s', async (_what, rest) => {
    const messages = Array.from(
      { length: 1_000 },
      (_, index) =>
        `--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@example.com\r\nSubject: number ${index}\r\n${rest}`,
    )
    const mail = await read(
      `${HEAD}Content-Type: multipart/digest; boundary=b\r\n\r\n${messages.join('')}--b--\r\n`,
    )
    expect(mail.text).toContain('number 999')
    expect(mail.text.match(/hello/g)!.length).toBeGreaterThanOrEqual(1_000)
  })
})
