import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent, PerformanceFigures } from '../events/catalogue.js'
import { Events } from '../events/events.publisher.js'
import { On } from '../events/on.decorator.js'

/**
 * Narrow SQL read model of another module's table: an email's first answer beside the clock of its conversation that this
 * answer stopped. No clock, no target.
 */
const MEASURE = `
  insert into response_metrics (user_id, email_id, team_member_id, received_at, responded_at, response_seconds,
    target_seconds, is_met)
  select $1, e.id, e.assignee_id, e.received_at, $3::timestamptz,
    greatest(0, floor(extract(epoch from $3::timestamptz - e.received_at))), c.target_seconds, c.state = 'met'
  from emails e left join lateral (
    select c.target_seconds, c.state from sla_clocks c join emails t on t.id = c.email_id
    where t.thread_id = e.thread_id and t.user_id = e.user_id and c.metric <> 'resolution'
      and c.stopped_at >= $3::timestamptz order by c.stopped_at, c.id limit 1) c on true
  where e.id = $2
  on conflict (email_id) do nothing returning id`

/** Measures first answers and tells how the day's figures stand after each. */
@Injectable()
export class PerformanceListener {
  constructor(private readonly events: Events) {}

  @On('email.replied')
  async measure(tx: Transaction, events: DomainEvent<'email.replied'>[]): Promise<void> {
    for (const event of events) {
      // One after another: each of two at once would count only its own.
      await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`figures ${event.tenantId}`])
      if (!(await isFirstAnswer(tx, event))) continue
      const { tenantId, data } = event
      const day = data.reply.repliedAt.slice(0, 10)
      const memberId = data.email.assigneeId
      await this.events.publish(tx, 'team.performance.updated', {
        tenantId,
        data: {
          day,
          member: memberId === null ? null : await memberById(tx, memberId),
          team: await figuresOf(tx, tenantId, day),
          memberFigures: memberId === null ? null : await figuresOf(tx, tenantId, day, memberId),
        },
      })
    }
  }
}

async function isFirstAnswer(
  tx: Transaction,
  { tenantId, data }: DomainEvent<'email.replied'>,
): Promise<boolean> {
  const rows = await tx.query(MEASURE, [tenantId, data.email.id, data.reply.repliedAt])
  return rows.length > 0
}

async function memberById(tx: Transaction, id: number): Promise<{ id: number; name: string }> {
  const [member] = await tx.query<{ id: number; name: string }>(
    `select id, name from team_members where id = $1`,
    [id],
  )
  return member!
}

async function figuresOf(
  tx: Transaction,
  tenantId: string,
  day: string,
  memberId?: number,
): Promise<PerformanceFigures> {
  const [figures] = await tx.query<PerformanceFigures>(
    `select count(*)::int as replies, (count(*) filter (where is_met))::int as met,
            coalesce(round(avg(response_seconds)), 0)::int as "averageResponseSeconds"
     from response_metrics
     where user_id = $1 and responded_at >= ($2 || 'T00:00:00Z')::timestamptz
       and responded_at < ($2 || 'T00:00:00Z')::timestamptz + interval '1 day'
       and ($3::bigint is null or team_member_id = $3)`,
    [tenantId, day, memberId ?? null],
  )
  return figures!
}
