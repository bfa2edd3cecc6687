import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent } from '../events/catalogue.js'
import { ClockEvents, DUE_CLOCK, type DueClock } from './clock-events.js'
import { ALWAYS_OPEN } from './business-calendar.js'
import { replySchedule } from './business-time.js'
import { SlaSettings } from './sla-settings.service.js'

export const SLA_MONITOR = 'sla-monitor'

/** Starts and stops reply clocks, in the transaction of what happened to the email. */
@Injectable()
export class Clocks {
  constructor(
    private readonly settings: SlaSettings,
    private readonly events: ClockEvents,
    private readonly clock: Clock,
  ) {}

  async start(tx: Transaction, events: DomainEvent<'email.received'>[]): Promise<void> {
    if (events.length === 0) return
    const emails = events.map(({ tenantId, data }) => ({ ...data.email, tenantId }))
    const targets = await this.settings.targetsFor(tx, emails)
    const clocks = emails.flatMap(({ tenantId, id: emailId, receivedAt: startedAt }, index) => {
      const target = targets[index]
      if (!target) return []
      const schedule = replySchedule(ALWAYS_OPEN, {
        start: Date.parse(startedAt),
        targetMs: target.targetSeconds * 1_000,
        warningPercent: target.warningPercent,
        pauses: [],
      })
      return [{ tenantId, emailId, startedAt, targetSeconds: target.targetSeconds, ...schedule }]
    })
    if (clocks.length === 0) return
    insertClocks(tx, clocks)
    const first = Math.min(...clocks.map((clock) => clock.warningAt.getTime()))
    tx.wake(SLA_MONITOR, Math.max(0, first - (await tx.now()).getTime()))
  }

  /**
   * Stops the running clocks of these emails. Late by even an instant is a breach, also when the monitor had no
   * occasion to say so: it is said here. A clock whose breach was recorded while this transaction waited for its row
   * stopped after that breach, and so after its deadline.
   */
  async stop(tx: Transaction, stops: { emailId: number; at: string }[]): Promise<void> {
    const { sqlNow } = this.clock
    const late = await tx.query<DueClock>(
      `with stops as (
         select c.id, c.warned_at is null as "warns", c.breached_at is null as "breaches",
                case when c.breached_at is null then s.at
                     else greatest(s.at, c.deadline_at + interval '1 millisecond') end as at
         from json_to_recordset($1) as s("emailId" bigint, at timestamptz(3))
         join sla_clocks c on c.email_id = s."emailId" and c.state = 'running'
         order by c.id for no key update of c)
       update sla_clocks c
       set state = case when s.at <= c.deadline_at then 'met' else 'late' end,
           stopped_at = s.at, next_due_at = null,
           warned_at = case when s.at > c.deadline_at then coalesce(c.warned_at, ${sqlNow}) else c.warned_at end,
           breached_at = case when s.at > c.deadline_at then coalesce(c.breached_at, ${sqlNow}) end
       from stops s, emails e where c.id = s.id and e.id = c.email_id
       returning c.state, ${DUE_CLOCK}`,
      [JSON.stringify(stops)],
    )
    await this.events.publish(
      tx,
      late.filter((clock) => clock.state === 'late'),
    )
  }
}

interface NewClock {
  tenantId: string
  emailId: number
  startedAt: string
  targetSeconds: number
  warningAt: Date
  deadlineAt: Date
}

function insertClocks(tx: Transaction, clocks: NewClock[]): void {
  tx.write(
    `insert into sla_clocks (user_id, email_id, started_at, target_seconds, warning_at, deadline_at, next_due_at)
     select "tenantId", "emailId", "startedAt", "targetSeconds", "warningAt", "deadlineAt", "warningAt"
     from json_to_recordset($1) as c("tenantId" uuid, "emailId" bigint, "startedAt" timestamptz,
       "targetSeconds" integer, "warningAt" timestamptz, "deadlineAt" timestamptz)`,
    [JSON.stringify(clocks)],
  )
}
