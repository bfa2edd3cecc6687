import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { EmailFacts } from '../events/catalogue.js'
import { Events } from '../events/events.publisher.js'
import type { Principal } from '../http/principal.js'
import { conflict, invalid, notFound, Problem } from '../http/problem.js'
import { TeamMember } from '../team/team-member.entity.js'
import { EmailChange, type ChangeAction } from './email-change.entity.js'
import { emailFacts } from './email-facts.js'
import { Email } from './email.entity.js'
import type { ChangeEmailDto } from './emails.dto.js'

/** What people do with an email in the mailbox: sort it, hand it out, close it. */
@Injectable()
export class Emails {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: Events,
  ) {}

  /** Changes priority, tier or category. */
  change(me: Principal, id: number, changes: ChangeEmailDto): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockEmail(tx, me.tenantId, id)
      const changed = Object.entries(changes).filter(
        ([key, value]) => value !== undefined && email[key as keyof Email] !== value,
      )
      if (changed.length === 0) return
      for (const [key, value] of changed)
        if (value === null && key !== 'category') throw invalid(key, 'must not be null')
      await tx.manager.update(Email, { id }, Object.fromEntries(changed))
      const detail = changed.map(([key, to]) => [key, { from: email[key as keyof Email], to }])
      await record(tx, me, id, 'changed', Object.fromEntries(detail))
    })
  }

  /** @throws Problem 409 for a resolved email, 422 for a member who cannot take it */
  assign(me: Principal, id: number, memberId: number): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockEmail(tx, me.tenantId, id)
      if (email.status === 'resolved') throw alreadyResolved()
      const member = await tx.manager.findOneBy(TeamMember, { id: memberId, userId: me.tenantId })
      if (!member) throw notFound('team member')
      if (!member.isActive) throw new Problem(422, 'member_inactive', 'This team member is not active')
      if (email.assigneeId === memberId) return
      await tx.manager.update(Email, { id }, { assigneeId: memberId })
      const { name, email: address, role } = member
      await this.events.publish(tx, 'email.assigned', {
        tenantId: me.tenantId,
        data: {
          email: await factsOf(tx, id),
          assignee: { id: memberId, name, email: address, role },
          previousAssigneeId: email.assigneeId,
        },
      })
    })
  }

  unassign(me: Principal, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockEmail(tx, me.tenantId, id)
      if (email.assigneeId === null)
        throw conflict('email_not_assigned', 'This email is not assigned to anyone')
      await tx.manager.update(Email, { id }, { assigneeId: null })
      await record(tx, me, id, 'unassigned', { assigneeId: email.assigneeId })
    })
  }

  resolve(me: Principal, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockEmail(tx, me.tenantId, id)
      if (email.status === 'resolved') throw alreadyResolved()
      const resolvedAt = await tx.now()
      await tx.manager.update(Email, { id }, { status: 'resolved', resolvedAt })
      await this.events.publish(tx, 'email.resolved', {
        tenantId: me.tenantId,
        data: { email: await factsOf(tx, id), resolvedBy: me.userId, resolvedAt: resolvedAt.toISOString() },
      })
    })
  }

  /** Back to where it was before it was resolved. Its clock stays stopped: a first answer is owed once. */
  reopen(me: Principal, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockEmail(tx, me.tenantId, id)
      if (email.status !== 'resolved')
        throw conflict('email_not_resolved', 'Only a resolved email can be reopened')
      await tx.manager.update(
        Email,
        { id },
        { status: email.repliedAt ? 'replied' : 'open', resolvedAt: null },
      )
      await record(tx, me, id, 'reopened', {})
    })
  }
}

/** The tenant's email, held until the transaction ends: transitions of one email happen one after another. */
export async function lockEmail(tx: Transaction, tenantId: string, id: number): Promise<Email> {
  // Not FOR UPDATE: rows that refer to the email (alerts, deliveries) may still be written meanwhile.
  const email = await tx.manager.findOne(Email, {
    where: { id, userId: tenantId },
    lock: { mode: 'for_no_key_update' },
  })
  if (!email) throw notFound('email')
  return email
}

export async function factsOf(tx: Transaction, id: number): Promise<EmailFacts> {
  const [row] = await tx.query<{ facts: EmailFacts }>(
    `select ${emailFacts('e')} as facts from emails e where e.id = $1`,
    [id],
  )
  return row!.facts
}

export const alreadyResolved = () => conflict('email_resolved', 'This email is resolved; reopen it first')

async function record(
  tx: Transaction,
  me: Principal,
  emailId: number,
  action: ChangeAction,
  detail: EmailChange['detail'],
) {
  const createdAt = await tx.now()
  const change = tx.manager.create(EmailChange, { emailId, action, detail, createdAt })
  await tx.manager.save(Object.assign(change, { userId: me.tenantId, actorId: me.userId }))
}
