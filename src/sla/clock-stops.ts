import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { ClockEvents, DUE_CLOCK, DUE_CLOCK_TABLES, type DueClock } from './clock-events.js'
import { ClockPauses } from './clock-pauses.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { lockConversations } from './clock-starts.js'
import type { Metric } from './clock-life.js'

export interface Stop {
  emailId: number
  threadId: string
  /** When it was replied to or resolved, as ISO text. */
  at: string
  reason: 'replied' | 'resolved'
}

const STOPPED_BY: Record<Stop['reason'], Metric[]> = {
  replied: ['first_reply', 'next_reply'],
  resolved: ['first_reply', 'next_reply', 'resolution'],
}

/** Stops the clocks of conversations, in the transaction of the reply or the resolution. */
@Injectable()
export class ClockStops {
  constructor(
    private readonly events: ClockEvents,
    private readonly recomputation: ClockRecomputation,
    private readonly pauses: ClockPauses,
    private readonly clock: Clock,
  ) {}

  /**
   * Late by even an instant is a breach, also when the monitor had no occasion to say so: it is said here. A clock whose
   * breach was recorded while this transaction waited for its row stopped after that breach, and so after its deadline.
   */
  async stop(tx: Transaction, stops: Stop[]): Promise<void> {
    if (stops.length === 0) return
    lockConversations(tx, stops)
    const affected = await affectedBy(tx, stops)
    if (affected.length === 0) return
    const ids = affected.map(({ id }) => id)
    await this.recomputation.ofClocks(
      tx,
      affected.filter(({ isStale }) => isStale).map(({ id }) => id),
    )
    if (affected.some(({ isPaused }) => isPaused)) await this.pauses.endForStop(tx, ids)
    const stopped = await tx.query<DueClock>(this.stopSql(), [JSON.stringify(affected)])
    await this.events.publish(
      tx,
      stopped.filter(({ state }) => state === 'late'),
    )
  }

  private stopSql(): string {
    const { sqlNow } = this.clock
    return `
      with stops as (
        select c.id, s.reason, c.warned_at is null as "warns", c.breached_at is null as "breaches",
               case when c.breached_at is null then s.at
                    else greatest(s.at, c.deadline_at + interval '1 millisecond') end as at
        from json_to_recordset($1) as s(id bigint, at timestamptz(3), reason text)
        join sla_clocks c on c.id = s.id and c.state = 'running'),
      stopped as (
        update sla_clocks c
        set state = case when s.at <= c.deadline_at then 'met' else 'late' end,
            stopped_at = s.at, next_due_at = null,
            warned_at = case when s.at > c.deadline_at then coalesce(c.warned_at, ${sqlNow}) else c.warned_at end,
            breached_at = case when s.at > c.deadline_at then coalesce(c.breached_at, ${sqlNow}) end
        from stops s where c.id = s.id
        returning c.*, s."warns", s."breaches", s.reason),
      said as (
        insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
        select x.id, v.type, v.at, ${sqlNow}, v.detail
        from stopped x cross join lateral (values
          (1, 'warned', x.warning_at, x.state = 'late' and x."warns", json '{}'),
          (2, 'breached', x.deadline_at, x.state = 'late' and x."breaches", json '{}'),
          (3, 'stopped', x.stopped_at, true, json_build_object('reason', x.reason, 'state', x.state))
        ) as v(place, type, at, happened, detail)
        where v.happened order by x.id, v.place)
      select ${DUE_CLOCK} from stopped c ${DUE_CLOCK_TABLES} order by c.id`
  }
}

/** The clocks that these stops end, held until the transaction is over: those of messages received by then. */
function affectedBy(tx: Transaction, stops: Stop[]) {
  const rows = stops.map((stop) => ({ ...stop, metrics: STOPPED_BY[stop.reason] }))
  return tx.query<{ id: number; at: string; reason: string; isPaused: boolean; isStale: boolean }>(
    `select c.id, s.at, s.reason, c.state = 'paused' as "isPaused",
            c.breached_at is null and c.revision < coalesce(r.revision, 0) as "isStale"
     from json_to_recordset($1) as s("emailId" bigint, "threadId" uuid, at timestamptz(3), reason text, metrics json)
     join emails x on x.id = s."emailId"
     join emails t on t.thread_id = s."threadId" and t.user_id = x.user_id
     join sla_clocks c on c.email_id = t.id and c.stopped_at is null and s.metrics::jsonb ? c.metric
       and (c.started_at <= s.at or t.id = x.id)
     left join sla_revisions r on r.user_id = c.user_id
     order by c.id for no key update of c`,
    [JSON.stringify(rows)],
  )
}
