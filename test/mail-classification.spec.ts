import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { MailParser } from '../src/emails/mail-parser.js'

const parser = new MailParser()
afterAll(() => parser.onApplicationShutdown())

const raw = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures/mail', `${name}.eml`))
const parse = (...lines: string[]) => parser.parse(Buffer.from(lines.join('\r\n')), 'tenant')
const withHeader = (...lines: string[]) => parse('From: ann@example.com', ...lines, '', 'Hello')

describe('who speaks', () => {
  it.each([
    ['09-vacation', 'auto_reply'],
    ['10-bounce', 'bounce'],
    ['12-vip-high-priority', 'human'],
  ])('in %s is %s', async (name, kind) => {
    expect(await parser.parse(raw(name), 'tenant')).toMatchObject({ kind })
  })

  it.each([
    ['Auto-Submitted: no', 'human'],
    ['Auto-Submitted: auto-generated', 'auto_reply'],
    ['X-Autoreply: yes', 'auto_reply'],
    ['X-Autorespond: 1', 'auto_reply'],
    ['X-Auto-Response-Suppress: All', 'auto_reply'],
    ['X-Auto-Response-Suppress: None', 'human'],
    ['Precedence: auto_reply', 'auto_reply'],
    ['Precedence: bulk', 'human'],
    ['Precedence: list', 'human'],
    ['Return-Path: <>', 'auto_reply'],
    ['Content-Type: multipart/report; report-type=disposition-notification; boundary=b', 'auto_reply'],
    ['Content-Type: multipart/report; report-type=feedback-report; boundary=b', 'feedback_report'],
    ['Content-Type: multipart/report; report-type="delivery-status"; boundary=b', 'bounce'],
    ['Subject: Undelivered Mail Returned to Sender, what does it mean?', 'human'],
    ['Subject: Out of office: how do I set it?', 'human'],
    ['In-Reply-To: <a@b>\r\nSubject: Automatic reply: Your ticket', 'auto_reply'],
    ['X-Failed-Recipients: nobody@example.com', 'bounce'],
    ['Auto-Submitted:', 'human'],
    ['Return-Path: <>\r\nSubject: failure notice', 'bounce'],
    ['Return-Path: <>\r\nSubject: Automatic reply: Delivery status of order 12', 'auto_reply'],
  ])('with %j is %s', async (header, kind) => {
    expect((await withHeader(header)).kind).toBe(kind)
  })

  it.each([
    ['Mail Delivery System <mailer-daemon@example.com>', 'Sorry, no such user here.', 'bounce'],
    ['postmaster@example.com', 'Your message could not be delivered.', 'bounce'],
    ['postmaster@example.com', 'We want to buy 550 seats of version 5.1.2.', 'human'],
  ])('from %s saying %j is %s', async (from, text, kind) => {
    expect((await parse(`From: ${from}`, '', text)).kind).toBe(kind)
  })

  it('stays a person who forwards a bounce', async () => {
    const bounce = raw('10-bounce').toString()
    const forwarded = ['--f', 'Content-Type: message/rfc822', '', bounce, '--f--']
    const mail = await parse(
      'From: ann@example.com',
      'Content-Type: multipart/mixed; boundary=f',
      '',
      ...forwarded,
    )
    expect(mail.kind).toBe('human')
  })
})
