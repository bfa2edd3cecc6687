import { Injectable, Logger, type OnModuleInit } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Emails } from '../emails/emails.service.js'
import type { ClockFacts, EmailFacts } from '../events/catalogue.js'
import type { SlaEscalation } from './sla-escalation.entity.js'

type Ordered = Pick<SlaEscalation, 'id' | 'userId' | 'emailId' | 'action' | 'reason'>

/**
 * What warnings and breaches do to their emails, beyond telling people. Not in the monitor's transaction: that holds
 * clocks and would wait for emails, while a reply holds its email and waits for clocks. The row is done and deleted in
 * one transaction, so each is done once.
 */
@Injectable()
export class Escalations implements DueWork<Ordered>, OnModuleInit {
  readonly name = 'sla-escalations'
  readonly capacity = 20
  private readonly logger = new Logger(Escalations.name)

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly emails: Emails,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  async order(
    tx: Transaction,
    cause: 'warning' | 'breach',
    clocks: { tenantId: string; data: { email: EmailFacts; sla: Pick<ClockFacts, 'metric' | 'actions'> } }[],
  ): Promise<void> {
    const rows = clocks.flatMap(({ tenantId, data: { email, sla } }) =>
      sla.actions
        .filter((action) => action !== 'notify')
        .map((action) => ({ tenantId, emailId: email.id, action, reason: `${cause} of ${sla.metric}` })),
    )
    if (rows.length === 0) return
    tx.write(
      `insert into sla_escalations (user_id, email_id, action, reason, due_at)
       select "tenantId", "emailId", action, reason, ${this.clock.sqlNow} from json_to_recordset($1)
         as e("tenantId" uuid, "emailId" bigint, action text, reason text)`,
      [JSON.stringify(rows)],
    )
    tx.wake(this.name)
  }

  async claim(limit: number): Promise<Ordered[]> {
    const ordered = await this.work.query<Ordered>(
      `select id, user_id as "userId", email_id as "emailId", action, reason from sla_escalations
       where due_at <= ${this.clock.sqlNow} order by due_at, id limit $1`,
      [limit],
    )
    // Without a lease: whoever deletes the row first has done it, and the others find nothing to delete.
    for (const one of ordered) await this.carryOut(one)
    return ordered
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ ms: number | null }>(
      `select extract(epoch from min(due_at) - ${this.clock.sqlNow})::float8 * 1000 as ms from sla_escalations`,
    )
    return row!.ms
  }

  private async carryOut({ id, userId, emailId, action, reason }: Ordered): Promise<void> {
    await this.work
      .run(async (tx) => {
        const [mine] = await tx.query(`delete from sla_escalations where id = $1 returning id`, [id])
        if (!mine) return
        if (action === 'raise_priority') await this.emails.raisePriority(tx, userId, emailId, reason)
        else await this.emails.handToManager(tx, userId, emailId, reason)
      })
      .catch(async (error: Error) => {
        this.logger.error(error)
        await this.work.query(
          `update sla_escalations set due_at = ${this.clock.sqlNow} + interval '1 minute' where id = $1`,
          [id],
        )
      })
  }
}
