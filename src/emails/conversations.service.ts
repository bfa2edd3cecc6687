import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Events } from '../events/events.publisher.js'
import type { Principal } from '../http/principal.js'
import { conflict } from '../http/problem.js'
import { record } from './email-changes.js'
import { factsOf } from './email-facts.js'
import { lockConversation, lockConversationOf, refuseResolved, type Conversation } from './email-locks.js'
import { Email } from './email.entity.js'

/** Who writes three times has one question: answering and closing are matters of the conversation. */
@Injectable()
export class Conversations {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: Events,
  ) {}

  /** Closes the email and whatever else of its conversation is not closed. @throws Problem 409 for a resolved email */
  resolve(me: Principal, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const { email, others } = await lockConversation(tx, me.tenantId, id)
      refuseResolved(email)
      const resolvedAt = await tx.now()
      const alongside = others.map((other) => other.id)
      tx.write(
        `update emails set status = 'resolved', resolved_at = $2, updated_at = $2 where id = any($1::bigint[])`,
        [[id, ...alongside], resolvedAt],
      )
      record(tx, me, alongside, 'resolved', { with: id })
      await this.events.publish(tx, 'email.resolved', {
        tenantId: me.tenantId,
        data: { email: await factsOf(tx, id), resolvedBy: me.userId, resolvedAt: resolvedAt.toISOString() },
      })
    })
  }

  /** Brings one email back to where it was before it was resolved; the rest of its conversation stays closed. */
  reopen(me: Principal, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const { status, repliedAt, threadId } = await lockConversationOf(tx, me.tenantId, id)
      if (status !== 'resolved') throw conflict('email_not_resolved', 'Only a resolved email can be reopened')
      await tx.manager.update(Email, { id }, { status: repliedAt ? 'replied' : 'open', resolvedAt: null })
      record(tx, me, [id], 'reopened')
      const at = (await tx.now()).toISOString()
      await this.events.signal(tx, 'email.reopened', {
        tenantId: me.tenantId,
        data: { emailId: id, threadId, at },
      })
    })
  }
}

/** An answer to one email answers all that had come by then; what came after it was written awaits its own. */
export function markAnswered(
  tx: Transaction,
  me: Principal,
  { email, others }: Conversation,
  replyId: number,
  now: Date,
): void {
  const alongside = others
    .filter(({ status, receivedAt }) => status === 'open' && receivedAt <= now)
    .map((other) => other.id)
  const answered = email.status === 'open' ? [email.id, ...alongside] : alongside
  if (answered.length === 0) return
  tx.write(
    `update emails set status = 'replied', replied_at = $2, updated_at = $2 where id = any($1::bigint[])`,
    [answered, now],
  )
  record(tx, me, alongside, 'answered', { by: { replyId, emailId: email.id } })
}
