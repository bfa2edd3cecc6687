import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Events } from '../events/events.publisher.js'
import type { ChangedProperty } from '../events/signals.js'
import type { Principal } from '../http/principal.js'
import { conflict, invalid, notFound, Problem } from '../http/problem.js'
import { TeamMember } from '../team/team-member.entity.js'
import { record, type Actor } from './email-changes.js'
import { factsOf } from './email-facts.js'
import { lockConversationOf, lockEmail, refuseResolved } from './email-locks.js'
import { Email, PRIORITIES } from './email.entity.js'
import type { ChangeEmailDto } from './emails.dto.js'

/** Sorting mail and handing it out: what people do, and what the tenant's rules do for them. */
@Injectable()
export class Emails {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: Events,
  ) {}

  /** Changes priority, tier or category. */
  change(me: Principal, id: number, changes: ChangeEmailDto): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockConversationOf(tx, me.tenantId, id)
      const changed = Object.entries(changes).filter(
        ([key, value]) => value !== undefined && email[key as keyof Email] !== value,
      )
      if (changed.length === 0) return
      for (const [key, value] of changed)
        if (value === null && key !== 'category') throw invalid(key, 'must not be null')
      await this.set(tx, me, email, Object.fromEntries(changed))
    })
  }

  /** @throws Problem 409 for a resolved email, 422 for a member who cannot take it */
  assign(me: Principal, id: number, memberId: number): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockEmail(tx, me.tenantId, id)
      refuseResolved(email)
      const member = await tx.manager.findOneBy(TeamMember, { id: memberId, userId: me.tenantId })
      if (!member) throw notFound('team member')
      if (!member.isActive) throw new Problem(422, 'member_inactive', 'This team member is not active')
      if (email.assigneeId !== memberId) await this.give(tx, email, member)
    })
  }

  unassign(me: Principal, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const email = await lockEmail(tx, me.tenantId, id)
      if (email.assigneeId === null)
        throw conflict('email_not_assigned', 'This email is not assigned to anyone')
      await tx.manager.update(Email, { id }, { assigneeId: null })
      record(tx, me, [id], 'unassigned', { assigneeId: email.assigneeId })
    })
  }

  /**
   * Raises the priority by one step, for a rule and not for a person.
   * @param reason a sentence for the email's history
   * @returns false, and nothing is written, when it is high already or the email is not open any more
   */
  async raisePriority(tx: Transaction, tenantId: string, emailId: number, reason: string): Promise<boolean> {
    const email = await lockConversationOf(tx, tenantId, emailId)
    const priority = PRIORITIES[PRIORITIES.indexOf(email.priority) - 1]
    if (!priority || email.status !== 'open') return false
    await this.set(tx, { tenantId, userId: null }, email, { priority }, reason)
    return true
  }

  /**
   * Assigns the email to the active manager who has the fewest open ones, for a rule and not for a person.
   * @param reason a sentence for the email's history
   * @returns false, and nothing is written, when a manager has it already, nobody could, or it is not open any more
   */
  async handToManager(tx: Transaction, tenantId: string, emailId: number, reason: string): Promise<boolean> {
    const email = await lockEmail(tx, tenantId, emailId)
    if (email.status !== 'open') return false
    const manager = await freestManager(tx, tenantId, email.assigneeId)
    if (!manager || manager.id === email.assigneeId) return false
    const assigneeId = { from: email.assigneeId, to: manager.id }
    record(tx, { tenantId, userId: null }, [emailId], 'changed', { assigneeId, reason })
    await this.give(tx, email, manager)
    return true
  }

  private async set(
    tx: Transaction,
    actor: Actor,
    email: Email,
    values: Partial<Pick<Email, ChangedProperty>>,
    reason?: string,
  ): Promise<void> {
    const { id: emailId, threadId } = email
    await tx.manager.update(Email, { id: emailId }, values)
    const changed = Object.keys(values) as ChangedProperty[]
    const detail = changed.map((key) => [key, { from: email[key], to: values[key] }])
    record(tx, actor, [emailId], 'changed', { ...Object.fromEntries(detail), reason })
    const data = { emailId, threadId, changed }
    await this.events.signal(tx, 'email.changed', { tenantId: actor.tenantId, data })
  }

  private async give(tx: Transaction, { id, userId, assigneeId }: Email, member: Assignee): Promise<void> {
    await tx.manager.update(Email, { id }, { assigneeId: member.id })
    const { id: memberId, name, email, role } = member
    await this.events.publish(tx, 'email.assigned', {
      tenantId: userId,
      data: {
        email: await factsOf(tx, id),
        assignee: { id: memberId, name, email, role },
        previousAssigneeId: assigneeId,
      },
    })
  }
}

type Assignee = Pick<TeamMember, 'id' | 'name' | 'email' | 'role'>

/** The present one first: an email is not passed from manager to manager. */
async function freestManager(
  tx: Transaction,
  tenantId: string,
  assigneeId: number | null,
): Promise<Assignee | undefined> {
  const [manager] = await tx.query<Assignee>(
    `select id, name, email, role from team_members m
     where user_id = $1 and role = 'manager' and is_active
     order by (id is not distinct from $2::bigint) desc,
              (select count(*) from emails e where e.assignee_id = m.id and e.status = 'open'), id
     limit 1`,
    [tenantId, assigneeId],
  )
  return manager
}
