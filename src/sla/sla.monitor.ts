import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { ClockEvents, DUE_CLOCK, type DueClock } from './clock-events.js'
import { SLA_MONITOR } from './clocks.service.js'

/**
 * Warns and records breaches at their instant: it sleeps until the next clock is due. A clock's row, its events and
 * all that follows from them change in one transaction under the row's lock, so each happens exactly once, whatever
 * number of processes look and whenever one of them dies.
 */
@Injectable()
export class SlaMonitor implements DueWork<DueClock>, OnModuleInit {
  readonly name = SLA_MONITOR
  readonly capacity = 500

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly events: ClockEvents,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  claim(limit: number): Promise<DueClock[]> {
    const { sqlNow } = this.clock
    return this.work.run(async (tx) => {
      const due = await tx.query<DueClock>(
        `with s as (
           select id, warned_at is null as "warns", deadline_at <= ${sqlNow} as "breaches"
           from sla_clocks where next_due_at <= ${sqlNow} order by next_due_at limit $1 for update skip locked)
         update sla_clocks c
         set warned_at = coalesce(c.warned_at, ${sqlNow}),
             breached_at = case when s."breaches" then ${sqlNow} end,
             next_due_at = case when s."breaches" then null else c.deadline_at end
         from s, emails e where c.id = s.id and e.id = c.email_id
         returning c.state, ${DUE_CLOCK}`,
        [limit],
      )
      await this.events.publish(tx, due)
      return due
    })
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ ms: number | null }>(
      `select extract(epoch from min(next_due_at) - ${this.clock.sqlNow})::float8 * 1000 as ms
       from sla_clocks where next_due_at is not null`,
    )
    return row!.ms
  }
}
