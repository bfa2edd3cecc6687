import { setTimeout as sleep } from 'node:timers/promises'
import { ApiClient, type ApiAnswer } from '../support/api-client.js'

/** Mail whose transaction fails at its very end: see `failDoomed`. */
export const DOOMED = 'Doomed'
const AGAIN_AFTER_MS = 100
/** Some answers come after the warning and the breach. */
const LATE_WITHIN_MS = 4_000

/** What was acknowledged of an email, by the names of the events that tell of it. */
export type Acknowledged = Map<string, number>

/**
 * Clients that post mail, assign, answer and resolve it, and ask for things that are refused. Whose request is cut off or
 * finds nobody asks again, at any process that is up; an answer is not repeated, since it would be another one.
 */
export class MailboxLoad {
  readonly emails = new Map<number, Acknowledged>()
  /** Of requests that were cut off or found nobody, and of those that were refused, by what they were answered. */
  readonly answers: Record<string, number> = {}
  private isStopping = false
  private readonly clients: Promise<unknown>

  constructor(
    private readonly baseUrl: () => string,
    private readonly token: string,
    private readonly members: number[],
    clients: number,
    private readonly pauseMs: number,
  ) {
    this.clients = Promise.all(Array.from({ length: clients }, (_, client) => this.work(client)))
  }

  get acknowledged(): number {
    const each = [...this.emails.values()].flatMap((names) => [...names.values()])
    return each.reduce((sum, times) => sum + times, 0)
  }

  async stop(): Promise<void> {
    this.isStopping = true
    await this.clients
  }

  private async work(client: number): Promise<void> {
    for (let turn = 0; !this.isStopping; turn++) {
      await this.oneEmail(`${client}.${turn}@example.com`, turn)
      if (turn % 4 === 0) await this.doomed()
      await sleep(this.pauseMs * Math.random() * 2)
    }
  }

  private async oneEmail(messageId: string, turn: number): Promise<void> {
    const posted = await this.insist('/emails', mail(messageId), [201])
    const id = posted.body.id as number
    const told: Acknowledged = new Map([['email.received', 1]])
    this.emails.set(id, told)
    const memberId = this.members[id % this.members.length]!
    await this.insist(`/emails/${id}/assign`, { memberId }, [200])
    told.set('email.assigned', 1)
    if (turn % 3 === 0) await sleep(LATE_WITHIN_MS * Math.random())
    const reply = await this.ask(`/emails/${id}/reply`, { text: 'Hello' })
    if (reply?.status === 201) told.set('email.replied', 1)
    // 409: it was resolved by the request before, whose answer was cut off.
    await this.insist(`/emails/${id}/resolve`, undefined, [200, 409])
    told.set('email.resolved', 1)
    await this.insist(`/emails/${id}/reply`, { text: 'Too late' }, [409])
    await this.insist(`/emails/${id}/assign`, { memberId }, [409])
  }

  private async doomed(): Promise<void> {
    await this.insist('/emails', { ...mail(), subject: DOOMED }, [500])
    await this.insist('/emails', { ...mail(), subject: 5 }, [400])
  }

  /** Until it is answered as it should be. */
  private async insist(path: string, body: unknown, statuses: number[]): Promise<ApiAnswer> {
    for (;;) {
      const answer = await this.ask(path, body)
      if (answer && statuses.includes(answer.status)) return answer
      if (answer && answer.status !== 503)
        throw new Error(`${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`)
      await sleep(AGAIN_AFTER_MS)
    }
  }

  private async ask(path: string, body: unknown): Promise<ApiAnswer | undefined> {
    const client = new ApiClient(this.baseUrl(), this.token)
    client.expectsFaults = true // of doomed mail
    const answer = await client.post(path, body).catch(() => undefined)
    if (!answer || answer.status >= 400) {
      const what = answer ? `${answer.status} ${answer.body.code}` : 'cut off'
      this.answers[what] = (this.answers[what] ?? 0) + 1
    }
    return answer
  }
}

const mail = (messageId?: string) => ({
  ...{ from: { address: 'customer@example.com' }, subject: 'Help', text: 'Help!', messageId },
})

/** SQL: lets transactions with such mail write all that they write, and fail at the COMMIT. */
export const failDoomed = `
  create function fail_doomed() returns trigger language plpgsql as $$ begin raise exception 'doomed'; end $$;
  create constraint trigger doomed after insert on events deferrable initially deferred for each row
    when ((new.data #>> '{email,subject}') = '${DOOMED}') execute function fail_doomed()`
