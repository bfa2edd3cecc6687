/** The queue beside the log, and the attempts. */
export const deliveries = `
-- What is still to be sent. Narrow, because each delivery is claimed and completed here, while its log keeps the body.
-- Gone once the delivery is over. No key to webhooks: the log has one, and a check a row is a tenth of what it costs.
create table webhook_queue (
  delivery_id bigint primary key references webhook_logs (id) on delete cascade,
  webhook_id bigint not null,
  -- When a worker must look: the next attempt, or the end of the present lease. Null while it is parked: its webhook is
  -- governed, or an earlier event of the same email goes first.
  due_at timestamptz(3),
  lease_token uuid,
  -- Attempts that count against the webhook's retries, and those that only asked whether it is back.
  failures smallint not null default 0,
  probes smallint not null default 0,
  -- Of webhooks that want each email's events in order.
  email_id bigint
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
create index webhook_queue_due_idx on webhook_queue (webhook_id, due_at, delivery_id) where due_at is not null;
create index webhook_queue_parked_idx on webhook_queue (webhook_id, probes, delivery_id) where due_at is null;
create index webhook_queue_email_idx on webhook_queue (webhook_id, email_id, delivery_id) where email_id is not null;

insert into webhook_queue (delivery_id, webhook_id, due_at, failures)
select id, webhook_id, due_at, attempts from webhook_logs where status = 'pending';

-- One row an attempt, written once it is over.
create table webhook_attempts (
  delivery_id bigint not null references webhook_logs (id) on delete cascade,
  number integer not null,
  started_at timestamptz(3) not null,
  duration_ms integer not null,
  status_code integer,
  error text,
  detail text,
  response_body text,
  primary key (delivery_id, number)
);

drop index webhook_logs_due_idx;
alter table webhook_logs drop due_at, drop lease_token;
create index webhook_logs_failed_idx on webhook_logs (webhook_id, id desc) where status = 'failed';
`
