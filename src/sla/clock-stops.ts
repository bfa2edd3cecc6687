import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { ClockEvents, DUE_CLOCK, DUE_CLOCK_TABLES, type DueClock } from './clock-events.js'
import { ClockPauses } from './clock-pauses.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { holdClocks, type HeldClock } from './clock-rows.js'
import type { Escalation } from './sla-setting.entity.js'

export interface Stop {
  tenantId: string
  emailId: number
  threadId: string
  /** When it was replied to or resolved, as ISO text. */
  at: string
  reason: 'replied' | 'resolved'
}

/** Stops the clocks of conversations, in the transaction of the reply or the resolution, which holds the conversation. */
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
    const clocks = await holdClocks(tx, stops)
    const ended = stops.flatMap((stop) =>
      clocks
        .filter((clock) => isEndedBy(clock, stop))
        .map(({ id }) => ({ id, at: stop.at, reason: stop.reason })),
    )
    if (ended.length === 0) return
    const ids = new Set(ended.map(({ id }) => id))
    const held = clocks.filter(({ id }) => ids.has(id))
    await this.recomputation.ofClocks(
      tx,
      held.filter(({ isStale }) => isStale).map(({ id }) => id),
    )
    if (held.some(({ state }) => state === 'paused')) await this.pauses.endForStop(tx, [...ids])
    const stopped = await tx.query<DueClock>(stopSql(this.clock.sqlNow), [JSON.stringify(ended)])
    const late = stopped.filter(({ state }) => state === 'late')
    await this.events.publish(tx, late.map(withoutEscalation))
  }
}

/** A reply answers what had come by then, and the message that it answers; a resolution ends everything. */
const isEndedBy = (clock: HeldClock, { emailId, threadId, at, reason }: Stop): boolean =>
  clock.threadId === threadId &&
  (reason === 'resolved' ||
    (clock.metric !== 'resolution' && (clock.startedAt <= new Date(at) || clock.emailId === emailId)))

/** It has just been answered or closed: people are told that it was late, and nobody needs to hurry any more. */
function withoutEscalation(clock: DueClock): DueClock {
  const notifying = (actions: Escalation[] | null) => actions?.filter((action) => action === 'notify') ?? null
  return { ...clock, onWarning: notifying(clock.onWarning), onBreach: notifying(clock.onBreach) }
}

const stopSql = (sqlNow: string) => `
  with stops as (
    select c.id, s.reason, c.warned_at is null as "warns", c.breached_at is null as "breaches",
           case when c.breached_at is null then s.at
                else greatest(s.at, c.deadline_at + interval '1 millisecond') end as at
    from json_to_recordset($1) as s(id bigint, at timestamptz(3), reason text)
    join sla_clocks c on c.id = s.id and c.state = 'running'),
  stopped as (
    update sla_clocks c
    set state = case when c.target_seconds is null then 'cancelled'
                     when c.deadline_at is null or s.at <= c.deadline_at then 'met' else 'late' end,
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
