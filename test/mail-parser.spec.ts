import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { MailParser } from '../src/emails/mail-parser.js'

const parser = new MailParser()
afterAll(() => parser.onApplicationShutdown())

const fixture = (name: string) =>
  parser.parse(readFileSync(join(import.meta.dirname, 'fixtures/mail', `${name}.eml`)), 'tenant')
const parse = (...lines: string[]) => parser.parse(Buffer.from(lines.join('\r\n')), 'tenant')
const withHeader = (...lines: string[]) => parse('From: ann@example.com', ...lines, '', 'Hello')
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

describe('the content of a mail', () => {
  it('is taken from a plain question', async () => {
    const { text, ...rest } = await fixture('01-plain-question')
    expect(rest).toEqual({
      messageId: '20260302081402.4F2A91@mail.example.com',
      inReplyTo: null,
      references: [],
      subject: 'Invoice 2026-0117 shows the wrong VAT number',
      from: { address: 'grace.miller@example.com', name: 'Grace Miller' },
      to: [{ address: 'support@punctual.test', name: 'Support' }],
      cc: [
        { address: 'anna@example.com', name: null },
        { address: 'ben@example.com', name: null },
      ],
      replyTo: null,
      date: '2026-03-02T08:14:02.000Z',
      html: null,
      priority: null,
      kind: 'human',
      attachments: [],
    })
    expect(text).toMatch(/^Hello,\n\nour invoice 2026-0117 carries .*Grace Miller\n$/s)
  })

  it('includes attachments under safe names', async () => {
    const mail = await fixture('02-attachments')
    expect(mail.attachments.map((part) => ({ ...part, content: sha256(part.content) }))).toEqual([
      {
        filename: 'attachment-1.png',
        contentType: 'image/png',
        disposition: 'inline',
        contentId: 'damage@example.com',
        size: 69,
        sha256: 'b1ff9c8ea3a780bad09b346c423d2d0e46815926879b18e841d928376a946640',
        content: 'b1ff9c8ea3a780bad09b346c423d2d0e46815926879b18e841d928376a946640',
      },
      {
        filename: 'délivraison n° 42.pdf',
        contentType: 'application/pdf',
        disposition: 'attachment',
        contentId: null,
        size: 69,
        sha256: 'cfa3181c1ee36e8bce5e39f84959f4558ea7ba32c0e4539a8ab3c8ce8c716ec6',
        content: 'cfa3181c1ee36e8bce5e39f84959f4558ea7ba32c0e4539a8ab3c8ce8c716ec6',
      },
    ])
    expect(Buffer.from(mail.attachments[1]!.content).toString('latin1')).toMatch(/^%PDF-1.4\n/)
    expect(mail.replyTo).toEqual({ address: 'orders@example.com', name: 'Purchasing' })
    expect(mail.text).toBe('The parcel arrived wet.\nPlease see the note and this picture:')
  })

  it.each([
    [
      '03-iso-2022-jp',
      { address: 'tanaka@example.com', name: '田中太郎' },
      '請求書の宛名変更について',
      'お世話になっております。\n請求書の宛名を変更していただけますか。\nよろしくお願いいたします。\n田中\n',
    ],
    [
      '04-windows-1252',
      { address: 'juergen@example.com', name: 'Jürgen Groß' },
      'Zählerstand und Rechnung – 1 250 €',
      'Guten Tag,\n\nder Zähler zeigt 1 200 €, die Rechnung aber 1 250 €. Bitte prüfen Sie das – danke.\n\nJürgen Groß\n',
    ],
    [
      '05-emoji-subject',
      { address: 'zoe@example.com', name: 'Zoë 🌻' },
      'Thank you 🎉 and one more question 🙋‍♀️',
      'The export works again 🎉. Can I also have it as CSV?\n',
    ],
    [
      '14-broken',
      { address: 'remi@example.com', name: 'Rémi Lefèvre' },
      "Problème d'accès",
      "Bonjour, je n'ai plus accès à mon compte depuis lundi. C'est très gênant …\n",
    ],
  ])('is decoded whatever its charset: %s', async (name, from, subject, text) => {
    expect(await fixture(name)).toMatchObject({ from, subject, text, kind: 'human' })
  })

  it('has text even when only HTML was sent', async () => {
    const mail = await fixture('11-html-only')
    expect(mail.text).toBe(
      'Hello,\n\nyour page says you open at 8\u00a0–\u00a0but nobody answers before\u00a09.\n\nTom & Lena\ncafé <Zur Post>',
    )
    expect(mail.html).toContain('<p>Hello,</p>')
  })

  it('survives a boundary that never ends, a half attachment and a date nobody can read', async () => {
    const mail = await fixture('14-broken')
    expect(mail.date).toBeNull()
    expect(mail.to).toEqual([])
    expect(Buffer.from(mail.attachments[0]!.content).toString()).toBe('half a file')
  })

  it('is shown raw when its structure is beyond repair', async () => {
    const mail = await withHeader('Content-Type: multipart/alternative;', 'boundary="not folded"')
    expect(mail.text).toBe('Hello')
  })

  it.each(['', '; charset=utf-8', '; charset=us-ascii'])(
    'is windows-1252 where it is no UTF-8: %j',
    async (label) => {
      const header = `From: a@example.com\r\nContent-Type: text/plain${label}\r\n\r\n`
      expect((await parser.parse(Buffer.from(`${header}tr\xe8s`, 'latin1'), 'tenant')).text).toBe('très\n')
      expect((await parser.parse(Buffer.from(`${header}très`), 'tenant')).text).toBe('très\n')
    },
  )

  it('never holds what PostgreSQL refuses', async () => {
    const mail = await withHeader('Subject: a\0b =?utf-8?Q?=00c?=', 'To: "x\0y" <b@example.com>', 'X: \0')
    expect(mail.subject).toBe('ab c')
    expect(mail.to).toEqual([{ address: 'b@example.com', name: 'xy' }])
    const html = await parse('From: a@example.com', 'Content-Type: text/html', '', '<p>\0a&#0;&#xD83D;</p>')
    expect(html.text).not.toContain('\0')
    expect(html.text.isWellFormed()).toBe(true)
  })

  it('keeps a subject within 998 characters and pairs of surrogates whole', async () => {
    const { subject } = await withHeader(`Subject: x${'🎉'.repeat(600)}`)
    expect(subject.length).toBe(997)
    expect(subject.isWellFormed()).toBe(true)
  })

  it.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\ann\\report.docx', 'report.docx'],
    ['..', 'attachment-1.bin'],
    ['a\tb\u202Efdp.exe', 'a bfdp.exe'],
    [`${'n'.repeat(300)}.pdf`, `${'n'.repeat(251)}.pdf`],
  ])('gives the attachment %j the name %j', async (written, safe) => {
    const name = encodeURIComponent(written)
    const mail = await withHeader(
      'Content-Type: a/b',
      `Content-Disposition: attachment; filename*=utf-8''${name}`,
    )
    expect(mail.attachments[0]!.filename).toBe(safe)
  })
})

describe('the place of a mail in its thread', () => {
  it.each([
    ['06-thread-original', 'thread-1@example.com', null, []],
    [
      '07-thread-follow-up',
      'thread-4@example.com',
      'thread-3@punctual.test',
      ['thread-1@example.com', 'thread-2@punctual.test', 'thread-3@punctual.test'],
    ],
    [
      '08-thread-child-before-parent',
      'thread-6@example.com',
      'thread-5@example.com',
      ['thread-1@example.com', 'thread-4@example.com', 'thread-5@example.com'],
    ],
  ])('is told by its ids: %s', async (name, messageId, inReplyTo, references) => {
    expect(await fixture(name)).toMatchObject({ messageId, inReplyTo, references })
  })

  it('is its own when it has no Message-ID, and the same each time', async () => {
    const [first, second] = [await fixture('13-no-message-id'), await fixture('13-no-message-id')]
    expect(first.messageId).toMatch(/^[0-9a-f]{64}@no-message-id\.punctual$/)
    expect(second.messageId).toBe(first.messageId)
    expect(first.from).toEqual({ address: 'contact-form@example.com', name: null })
    expect(first.date).toBe('2026-03-09T10:00:00.000Z')
  })

  it.each(['x'.repeat(600) + '@example.com', 'gr\u00fc\u00dfe@example.com'])(
    'holds for the odd id %.20s',
    async (id) => {
      const parent = await withHeader(`Message-ID: <${id}>`)
      const child = await withHeader(
        'Message-ID: <c@example.com>',
        `In-Reply-To: <${id}>`,
        `References: <${id}>`,
      )
      expect(parent.messageId).toMatch(/^[0-9a-f]{64}@hashed-message-id\.punctual$/)
      expect([child.inReplyTo, ...child.references]).toEqual([parent.messageId, parent.messageId])
    },
  )

  it('keeps the root and the latest 99 of too many references', async () => {
    const ids = Array.from({ length: 150 }, (_, index) => `${index}@example.com`)
    const { references } = await withHeader(`References: ${ids.map((id) => `<${id}>`).join('\r\n ')}`)
    expect(references).toEqual([ids[0], ...ids.slice(-99)])
  })
})

describe('the header of a mail', () => {
  it.each([
    ['X-Priority: 1 (Highest)', 'high'],
    ['X-Priority: 3', 'medium'],
    ['X-Priority: 5', 'low'],
    ['X-Priority: 3\r\nImportance: high', 'high'],
    ['Priority: non-urgent', 'low'],
    ['Priority: whatever', null],
  ])('says how urgent it is: %j', async (header, priority) => {
    expect((await withHeader(header)).priority).toBe(priority)
  })

  it('marks the mail of a customer whose production is down', async () => {
    const vip = { address: 'vip@example.com', name: 'Hart, Victoria (CEO)' }
    expect(await fixture('12-vip-high-priority')).toMatchObject({
      priority: 'high',
      kind: 'human',
      from: vip,
    })
  })

  it('may name no sender', async () => {
    expect((await parse('Subject: anonymous', '', 'Hello')).from).toBeNull()
    expect((await parse('From: MAILER-DAEMON <>', 'Reply-To: a@example.com', '', 'x')).from?.address).toBe(
      'a@example.com',
    )
  })
})
