import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Config } from '../config/config.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Events } from '../events/events.publisher.js'
import type { Principal } from '../http/principal.js'
import { markAnswered } from './conversations.service.js'
import { factsOf } from './email-facts.js'
import { lockConversation, refuseResolved, type ConversationEmail } from './email-locks.js'
import type { ReplyDto } from './emails.dto.js'
import { Reply } from './reply.entity.js'

export const OUTGOING_REPLIES = 'outgoing-replies'

/** Answers: one stops its conversation's clock when it is stored; sending it follows. */
@Injectable()
export class Replies {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: Events,
    private readonly config: Config,
  ) {}

  /** @throws Problem 409 for a resolved email */
  reply(me: Principal, emailId: number, input: ReplyDto): Promise<void> {
    return this.work.run(async (tx) => {
      const conversation = await lockConversation(tx, me.tenantId, emailId)
      const { email } = conversation
      refuseResolved(email)
      const now = await tx.now()
      const draft = tx.manager.create(Reply, {
        ...this.draft(me, email, input),
        ...this.outbox(now),
        createdAt: now,
      })
      const reply = await tx.manager.save(draft)
      markAnswered(tx, me, conversation, reply.id, now)
      await this.events.publish(tx, 'email.replied', {
        tenantId: me.tenantId,
        data: {
          email: await factsOf(tx, emailId),
          reply: {
            id: reply.id,
            authorId: me.userId,
            sentElsewhere: reply.sentElsewhere,
            repliedAt: now.toISOString(),
          },
        },
      })
      if (reply.dueAt) tx.wake(OUTGOING_REPLIES)
    })
  }

  /** RFC 5322, 3.6.4: the parent's references followed by the parent itself. */
  private draft(me: Principal, email: ConversationEmail, { text, html }: ReplyDto): Partial<Reply> {
    const domain = this.config.MAIL_FROM.split('@')[1]
    return {
      userId: me.tenantId,
      emailId: email.id,
      authorId: me.userId,
      toAddress: email.fromAddress,
      subject: /^re:/i.test(email.subject) ? email.subject : `Re: ${email.subject}`,
      bodyText: text,
      bodyHtml: html ?? null,
      messageId: `${randomUUID()}@${domain}`,
      inReplyTo: email.messageId,
      referenceIds: [...email.referenceIds, email.messageId],
    }
  }

  private outbox(now: Date): Partial<Reply> {
    return this.config.SMTP_URL
      ? { state: 'queued', sentElsewhere: false, dueAt: now }
      : { state: 'sent', sentElsewhere: true, dueAt: null, sentAt: now }
  }
}
