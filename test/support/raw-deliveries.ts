import type { TestApp } from './test-app.js'

/** So many deliveries that no event asked for, due now or after that interval. */
export const enqueue = (punctual: TestApp, webhookId: number, count: number, after = '0 seconds') =>
  punctual.query(
    `with logged as (
       insert into webhook_logs (webhook_id, event_id, event_type, payload, attempts)
       select $1, gen_random_uuid(), 'email.received', '{}', 0 from generate_series(1, $2::int) returning id, event_id)
     insert into webhook_queue (delivery_id, webhook_id, event_id, due_at)
     select id, $1, event_id, ${punctual.clock.sqlNow} + $3::interval from logged`,
    [webhookId, count, after],
  )
