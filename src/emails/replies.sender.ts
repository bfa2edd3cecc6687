import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import { createTransport, type Transporter } from 'nodemailer'
import { Config } from '../config/config.js'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { retryDelayMs } from '../database/retry-schedule.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { OUTGOING_REPLIES } from './replies.service.js'
import type { ReplyState } from './reply.entity.js'

interface OutgoingReply {
  id: number
  leaseToken: string
  attempts: number
  toAddress: string
  subject: string
  bodyText: string
  bodyHtml: string | null
  messageId: string
  inReplyTo: string
  referenceIds: string[]
}

const MAX_ATTEMPTS = 8
/** Longer than an attempt may take, and short enough that a crashed worker's replies go out soon. */
const LEASE_SECONDS = 30
const SMTP_TIMEOUT_MS = 7_000
/** Over all steps together: each of the above starts anew with every step. */
const ATTEMPT_MS = 25_000

/** Sends stored replies through SMTP_URL. */
@Injectable()
export class RepliesSender implements DueWork<OutgoingReply>, OnModuleInit, OnApplicationShutdown {
  readonly name = OUTGOING_REPLIES
  readonly capacity = 5
  private transport: Transporter | undefined

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    if (!this.config.SMTP_URL) return
    const timeouts = {
      connectionTimeout: SMTP_TIMEOUT_MS,
      greetingTimeout: SMTP_TIMEOUT_MS,
      socketTimeout: SMTP_TIMEOUT_MS,
    }
    this.transport = createTransport({ url: this.config.SMTP_URL, ...timeouts })
    this.runner.register(this)
  }

  onApplicationShutdown(): void {
    this.transport?.close()
  }

  claim(limit: number): Promise<OutgoingReply[]> {
    const { sqlNow } = this.clock
    return this.work.run((tx) =>
      tx.query<OutgoingReply>(
        `with due as (
           select id from email_replies where due_at <= ${sqlNow} order by due_at limit $1 for update skip locked)
         update email_replies r
         set state = 'sending', attempts = attempts + 1, lease_token = $2,
             due_at = ${sqlNow} + interval '${LEASE_SECONDS} seconds'
         from due where r.id = due.id
         returning r.id, r.lease_token as "leaseToken", r.attempts, r.to_address as "toAddress", r.subject,
           r.body_text as "bodyText", r.body_html as "bodyHtml", r.message_id as "messageId",
           r.in_reply_to as "inReplyTo", r.reference_ids as "referenceIds"`,
        [limit, randomUUID()],
      ),
    )
  }

  async perform(reply: OutgoingReply): Promise<void> {
    const error = await Promise.race([this.send(reply), tooLong()]).then(
      () => null,
      (reason: Error & { responseCode?: number }) => reason,
    )
    // Apart from the sending: a mail that went out is not queued again because recording it failed.
    if (!error) return this.settle(reply, 'sent')
    const isFinal = (error.responseCode ?? 0) >= 500 || reply.attempts >= MAX_ATTEMPTS
    await this.settle(reply, isFinal ? 'failed' : 'queued', storable(error.message))
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ ms: number | null }>(
      `select extract(epoch from min(due_at) - ${this.clock.sqlNow})::float8 * 1000 as ms
       from email_replies where due_at is not null`,
    )
    return row!.ms
  }

  private async send(reply: OutgoingReply): Promise<void> {
    await this.transport!.sendMail({
      from: this.config.MAIL_FROM,
      to: { address: reply.toAddress, name: '' },
      subject: reply.subject,
      text: reply.bodyText,
      html: reply.bodyHtml ?? undefined,
      messageId: `<${reply.messageId}>`,
      inReplyTo: `<${reply.inReplyTo}>`,
      references: reply.referenceIds.map((id) => `<${id}>`),
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  /** Only while the lease is ours: a worker that comes back late cannot overwrite what another has written. */
  private async settle(reply: OutgoingReply, state: ReplyState, error: string | null = null): Promise<void> {
    const { sqlNow } = this.clock
    await this.work.run(async (tx) => {
      if (state === 'queued') tx.wake(this.name, retryDelayMs(reply.attempts))
      await tx.query(
        `update email_replies
         set state = $3, error_message = $4, lease_token = null,
             sent_at = case when $3 = 'sent' then ${sqlNow} end,
             due_at = case when $3 = 'queued' then ${sqlNow} + $5 * interval '1 millisecond' end
         where id = $1 and lease_token = $2`,
        [reply.id, reply.leaseToken, state, error, retryDelayMs(reply.attempts)],
      )
    })
  }
}

/** A server's answer may hold what PostgreSQL does not, and recording it would fail for ever. */
const storable = (text: string) => text.slice(0, 500).replaceAll('\0', '').toWellFormed()

const tooLong = () =>
  sleep(ATTEMPT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`The mail server took more than ${ATTEMPT_MS / 1_000} s`)
  })
