import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Alerts } from '../alerts/alerts.service.js'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { DRAIN_PER_SECOND, PROBE_EVERY_SECONDS } from './outage-rules.js'
import { WEBHOOK_DELIVERIES, WEBHOOK_RELEASES } from './webhook-work.js'

interface Released {
  id: number
  tenantId: string
  url: string
  hasRecovered: boolean
}

/** So often a second at most: what may go in between goes together. */
const STEPS_PER_SECOND = 10

/**
 * Sets parked deliveries free: one every 30 s of a webhook whose breaker is open, so many a second of one that is back
 * from an outage or wants no more than that. None before the instant until which its receiver has asked for time.
 */
@Injectable()
export class Releases implements DueWork<Released>, OnModuleInit {
  readonly name = WEBHOOK_RELEASES
  readonly capacity = 100

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
    private readonly alerts: Alerts,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  claim(limit: number): Promise<Released[]> {
    return this.work.run(async (tx) => {
      tx.write(planSql(this.clock.sqlNow), [])
      const released = await tx.query<Released>(releaseSql(this.clock.sqlNow), [limit])
      if (released.length > 0) tx.wake(WEBHOOK_DELIVERIES)
      const recovered = released.filter(({ hasRecovered }) => hasRecovered)
      await this.alerts.raise(
        tx,
        recovered.map(({ id, tenantId, url }) => ({
          ...{ tenantId, webhookId: id, email: null, type: 'webhook.recovered', severity: 'info' },
          message: `${url} is back, and has been given all that it missed.`,
        })),
      )
      return released
    })
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ ms: number | null }>(
      `select extract(epoch from min(greatest(release_at, held_until)) - ${this.clock.sqlNow})::float8 * 1000 as ms
       from webhooks where release_at is not null and sift_after is null`,
    )
    return row!.ms
  }
}

/** SQL: the parked delivery `q` may go, as far as the events of its email are concerned. */
const IS_FIRST = `(q.email_id is null or not exists (
  select from webhook_queue before where before.webhook_id = q.webhook_id and before.email_id = q.email_id
    and before.delivery_id < q.delivery_id))`

/** Followers of their emails' events wait among those that are parked: so many are looked at. */
const OLDEST = 100

/**
 * What was parked while nothing was planned: whoever enqueues does not touch the webhook, which all share. So did one who
 * saw a hold or a limit, and committed after it had ended: such a webhook drains. Webhooks are found by steps in the index
 * of what is parked; those that someone holds come with the next look.
 */
const planSql = (sqlNow: string) => `
  with recursive parked as (
    (select webhook_id from webhook_queue where due_at is null
     order by webhook_id desc, probes desc, delivery_id desc limit 1)
    union all
    select next.webhook_id from parked p cross join lateral (
      select webhook_id from webhook_queue where due_at is null and webhook_id < p.webhook_id
      order by webhook_id desc, probes desc, delivery_id desc limit 1) next),
  left_over as (
    select w.id from parked p join webhooks w on w.id = p.webhook_id
    where w.release_at is null and w.is_active and w.breaker <> 'open'
      and (w.rate_limit is not null or w.breaker = 'draining' or exists (
        select from (select * from webhook_queue where webhook_id = w.id and due_at is null
                     order by probes, delivery_id limit ${OLDEST}) q
        where ${IS_FIRST}))
    for no key update of w skip locked)
  update webhooks set release_at = ${sqlNow}, breaker = case when rate_limit is null then 'draining' else breaker end
  where id in (select id from left_over)`

/**
 * $1: how many webhooks. Who probes first are the oldest, and each other once they have failed to get through. One that
 * has not failed since the last success drains: whoever recorded the success may have died before it said so.
 */
const releaseSql = (sqlNow: string) => `
  with held as materialized (
    select id, rate_limit, parked_before, outage_since,
           case when breaker = 'open' and failing = '{}' then 'draining' else breaker end as breaker
    from webhooks
    where release_at <= ${sqlNow} and coalesce(held_until <= ${sqlNow}, true) and sift_after is null
    order by release_at limit $1 for no key update skip locked),
  due as (
    select id, breaker, least(rate_limit, case when breaker = 'draining' then ${DRAIN_PER_SECOND} end) as rate from held),
  paced as (
    select id, breaker, case when breaker = 'open' then 1 else greatest(1, rate / ${STEPS_PER_SECOND}) end as step,
           case when breaker = 'open' then ${PROBE_EVERY_SECONDS}
             else greatest(1, rate / ${STEPS_PER_SECOND})::float8 / rate end as gap
    from due),
  chosen as (
    select next.delivery_id, p.id from paced p cross join lateral (
      select q.delivery_id from webhook_queue q
      where q.webhook_id = p.id and q.due_at is null and ${IS_FIRST}
      order by q.probes, q.delivery_id limit p.step for update skip locked) next),
  freed as (
    update webhook_queue q set due_at = ${sqlNow} from chosen c where q.delivery_id = c.delivery_id
    returning q.webhook_id),
  -- Of the statement's beginning: another look finds that nothing is left.
  plans as (
    select p.*, h.outage_since, p.breaker <> 'open' and h.parked_before is null and not exists (
      select from webhook_queue q where q.webhook_id = p.id and q.due_at is null and ${IS_FIRST}) as is_through
    from paced p join held h using (id))
  update webhooks w
  set release_at = case when not p.is_through then ${sqlNow} + p.gap * interval '1 second' end,
      breaker = case when p.is_through then 'closed' else p.breaker end,
      held_until = null, outage_since = case when not p.is_through then w.outage_since end
  from plans p where w.id = p.id
  returning w.id, w.user_id as "tenantId", w.url, p.is_through and p.outage_since is not null as "hasRecovered",
    (select count(*) from freed)::integer as freed`
