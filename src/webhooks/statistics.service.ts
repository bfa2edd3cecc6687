import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { idsBetween } from '../database/timeline.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { DELIVERIES } from './deliveries.service.js'
import { IS_PARKED } from './parking.js'
import { holdKey } from './sendings.service.js'
import type { BacklogView, StatisticsView } from './statistics.view.js'

const HOUR_MS = 3_600_000

/** Tells how a webhook does, from no more rows than can be read in a moment. */
@Injectable()
export class Statistics {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  of(tenantId: string, webhookId: number, hours: number): Promise<StatisticsView> {
    const since = new Date(this.clock.now().getTime() - hours * HOUR_MS)
    return this.work.run(async (tx) => {
      await holdKey(tx, tenantId, webhookId)
      const { first } = await idsBetween(tx, DELIVERIES, webhookId, since)
      const [counted] = await tx.query<Omit<StatisticsView, 'backlog'>>(STATISTICS, [webhookId, first, since])
      const [backlog] = await tx.query<BacklogView>(BACKLOG, [webhookId])
      return { ...counted!, backlog: backlog! }
    })
  }
}

const MOST_DELIVERIES = 10_000
const MOST_WAITING = 100_000

const percentiles = (value: string) => `json_build_object(
  'p50', round(percentile_cont(0.5) within group (order by ${value})),
  'p95', round(percentile_cont(0.95) within group (order by ${value})))`

/** SQL: what is remarkable about a success is no error. */
const HAS_FAILED = '(error is not null and coalesce(status_code, 0) not between 200 and 299)'

/** $1: webhook, $2: first id, $3: since. Samples are not deliveries of events, and do not count. */
export const STATISTICS = `
  with newest as materialized (
    select * from (
      select id, status, error_message, created_at, is_test, extract(epoch from completed_at - created_at) * 1000 as delay
      from webhook_logs where webhook_id = $1 and id >= $2 order by id desc limit ${MOST_DELIVERIES}) l
    where created_at >= $3 and not is_test),
  tries as materialized (
    select a.* from newest n cross join lateral (
      select delivery_id, number, started_at, duration_ms, status_code, error, detail
      from webhook_attempts where delivery_id = n.id order by number desc limit 100) a),
  counted as (
    select count(*)::integer as deliveries, min(created_at) as oldest,
           (count(*) filter (where status = 'success'))::integer as succeeded,
           (count(*) filter (where status = 'failed' and error_message is distinct from 'unwanted'))::integer as failed,
           ${percentiles(`case when status = 'success' then delay end`)} as delay
    from newest)
  select case when deliveries >= ${MOST_DELIVERIES} then oldest else $3::timestamptz end as since, deliveries, succeeded,
    failed, round(100.0 * succeeded / nullif(succeeded + failed, 0), 2)::float8 as "successPercent",
    (select count(*)::integer from tries) as attempts,
    (select ${percentiles('duration_ms')} from tries) as "latencyMs", delay as "delayMs",
    (select coalesce(json_agg(json_build_object('error', error, 'attempts', n) order by n desc, error), '[]')
     from (select error, count(*) as n from tries where ${HAS_FAILED} group by error) e) as errors,
    (select json_build_object('error', error, 'detail', detail, 'statusCode', status_code, 'at', started_at)
     from tries where ${HAS_FAILED} order by started_at desc, delivery_id desc, number desc limit 1) as "lastError"
  from counted`

/** $1: webhook. In two halves, as the indexes are. */
export const BACKLOG = `
  select (count(*) filter (where not is_parked))::integer as pending, (count(*) filter (where is_parked))::integer as parked,
    (select created_at from webhook_logs where id = min(w.delivery_id)) as "oldestSince"
  from (
    (select delivery_id, ${IS_PARKED} as is_parked from webhook_queue q join webhooks w on w.id = q.webhook_id
     where q.webhook_id = $1 and q.due_at is not null limit ${MOST_WAITING})
    union all
    (select delivery_id, true from webhook_queue where webhook_id = $1 and due_at is null limit ${MOST_WAITING})) w`
