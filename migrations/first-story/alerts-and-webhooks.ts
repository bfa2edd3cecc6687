/** Alerts for people, webhooks for programs. */
export const alertsAndWebhooks = `
create table alerts (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  email_id bigint references emails (id) on delete cascade,
  type text not null check (type in ('sla.warning', 'sla.breached')),
  severity text not null check (severity in ('warning', 'critical')),
  message text not null,
  read_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create index alerts_user_idx on alerts (user_id, id desc);
create index alerts_unread_idx on alerts (user_id, id desc) where read_at is null;
create index alerts_email_idx on alerts (email_id) where email_id is not null;

create table webhooks (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  url text not null,
  events json not null,
  is_active boolean not null default true,
  secret text not null,
  headers json not null default '{}',
  retry_count integer not null default 3 check (retry_count between 0 and 20),
  last_triggered_at timestamptz(3),
  last_status text check (last_status in ('success', 'failed')),
  last_error text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index webhooks_user_idx on webhooks (user_id, id desc);

-- One row a delivery. due_at as in email_replies. One event reaches one webhook once.
create table webhook_logs (
  id bigint generated always as identity primary key,
  webhook_id bigint not null references webhooks (id) on delete cascade,
  event_id uuid not null,
  event_type text not null,
  payload json not null,
  status text not null default 'pending' check (status in ('pending', 'success', 'failed')),
  status_code integer,
  response_body text,
  error_message text,
  attempts integer not null default 1,
  created_at timestamptz(3) not null default now(),
  completed_at timestamptz(3),
  due_at timestamptz(3),
  lease_token uuid,
  check ((status = 'pending') = (completed_at is null)),
  unique (webhook_id, event_id)
);
create index webhook_logs_webhook_idx on webhook_logs (webhook_id, id desc);
create index webhook_logs_due_idx on webhook_logs (due_at) where due_at is not null;
`
