import { expect } from 'vitest'
import { ApiClient, type ApiAnswer, type Body } from '../support/api-client.js'

const PASSWORD = 'a long password'

/** Where requests go: each to the next of those that are up. */
export class Doors {
  private turn = 0
  /** Answers by status. */
  readonly statuses: Record<number, number> = {}
  readonly refusals: string[] = []
  open: string[] = []

  next(): string {
    return this.open[this.turn++ % this.open.length]!
  }

  /** @param expected its status */
  async ask(
    token: string | undefined,
    expected: number,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Body> {
    const door = this.next()
    const answer = await clientAt(door, token).send(method, path, body)
    this.count(answer, expected, `${method} ${path} at ${door}`)
    return answer.body
  }

  async postMail(token: string, mail: string): Promise<Body> {
    const answer = await clientAt(this.next(), token).postMail(Buffer.from(mail))
    this.count(answer, 201, 'POST /emails/inbound')
    return answer.body
  }

  private count({ status, body }: ApiAnswer, expected: number, what: string): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1
    if (status !== expected) this.refusals.push(`${what}: ${status} ${JSON.stringify(body).slice(0, 300)}`)
  }
}

function clientAt(door: string, token?: string): ApiClient {
  const client = new ApiClient(door, token)
  client.isOfAnyRelease = true
  return client
}

/** What people and programs do all day, each step at another process than the one before. */
export class Story {
  readonly emails: number[] = []
  private token = ''
  private refreshToken = ''
  private memberId = 0

  constructor(
    private readonly doors: Doors,
    readonly address: string,
  ) {}

  async begin(receiverUrl: string, targetSeconds: number): Promise<void> {
    const { accessToken, refreshToken } = await this.doors.ask(undefined, 201, 'POST', '/auth/register', {
      ...{ email: this.address, password: PASSWORD, name: 'Ada' },
    })
    Object.assign(this, { token: accessToken, refreshToken })
    const hook = { url: receiverUrl, events: ['*'], retryCount: 10, headers: { 'X-Team': 'support' } }
    await this.ask(201, 'POST', '/webhooks/subscribe', hook)
    this.memberId = (
      await this.ask(201, 'POST', '/team/members', { name: 'Grace', email: 'g@example.com' })
    ).id
    await this.ask(201, 'POST', '/sla/settings', { name: 'Soon', firstReplyMinutes: targetSeconds / 60 })
    await this.ask(201, 'POST', '/customer-tiers', { matches: 'customer.example', tier: 'vip' })
  }

  /** One mail of two is answered and resolved; the clock of the other runs out. */
  async day(number: number): Promise<void> {
    await this.signInAgain()
    const from = { address: `c${number}@customer.example`, name: 'Charles' }
    const answered = await this.ask(201, 'POST', '/emails', { from, subject: `Day ${number}`, text: 'Help!' })
    const raw = await this.doors.postMail(this.token, mailOf(number))
    this.emails.push(answered.id, raw.id)
    expect(answered.customerTier).toBe('vip')
    await this.ask(200, 'PATCH', `/emails/${answered.id}`, { priority: 'high' })
    await this.ask(200, 'POST', `/emails/${answered.id}/assign`, { memberId: this.memberId })
    await this.ask(200, 'POST', `/emails/${answered.id}/sla/pause`, { reason: 'on_hold' })
    await this.ask(200, 'POST', `/emails/${answered.id}/sla/resume`)
    await this.ask(201, 'POST', `/emails/${answered.id}/reply`, { text: 'Have you tried it off and on?' })
    await this.ask(200, 'POST', `/emails/${answered.id}/resolve`)
    await this.ask(200, 'POST', `/emails/${answered.id}/reopen`)
    await this.ask(200, 'POST', `/emails/${answered.id}/resolve`)
    const { status, replies } = await this.ask(200, 'GET', `/emails/${answered.id}`)
    expect([status, replies.length]).toEqual(['resolved', 1])
    for (const path of [
      '/emails',
      '/alerts',
      '/events',
      '/webhooks/subscribe',
      '/sla/settings',
      '/team/members',
    ])
      await this.ask(200, 'GET', path)
    await this.ask(200, 'GET', `/emails/${answered.id}/sla/explain`)
  }

  /** A session that one process made is refreshed, used and ended at others. */
  private async signInAgain(): Promise<void> {
    const credentials = { email: this.address, password: PASSWORD }
    const signedIn = await this.doors.ask(undefined, 200, 'POST', '/auth/login', credentials)
    const refreshed = await this.refresh(signedIn.refreshToken)
    await this.doors.ask(refreshed.accessToken, 200, 'GET', '/auth/me')
    const again = await this.refresh(refreshed.refreshToken)
    await this.doors.ask(again.accessToken, 204, 'POST', '/auth/logout')
    const own = await this.refresh(this.refreshToken) // of the session that lasts
    Object.assign(this, { token: own.accessToken, refreshToken: own.refreshToken })
  }

  private refresh(refreshToken: string): Promise<Body> {
    return this.doors.ask(undefined, 200, 'POST', '/auth/refresh', { refreshToken })
  }

  private ask(expected: number, method: string, path: string, body?: unknown): Promise<Body> {
    return this.doors.ask(this.token, expected, method, path, body)
  }
}

const mailOf = (number: number) =>
  `From: c${number}@other.example\r\nTo: support@example.com\r\nSubject: Raw ${number}\r\n` +
  `Message-ID: <${number}.${Math.random()}@other.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHelp!\r\n`
