/** Mail: what came in, what belongs to it, what was answered, and the stored stream of domain events. */
export const mail = `
create table email_providers (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  name text not null,
  type text not null check (type in ('imap', 'gmail', 'outlook')),
  address text not null,
  settings json not null default '{}',
  is_active boolean not null default true,
  last_synced_at timestamptz(3),
  last_error text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index email_providers_user_idx on email_providers (user_id);

create table email_sync_logs (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  provider_id bigint not null references email_providers (id) on delete cascade,
  status text not null check (status in ('running', 'success', 'failed')),
  messages_found integer not null default 0,
  messages_stored integer not null default 0,
  error_message text,
  started_at timestamptz(3) not null default now(),
  completed_at timestamptz(3)
);
create index email_sync_logs_provider_idx on email_sync_logs (provider_id, started_at desc);
create index email_sync_logs_user_idx on email_sync_logs (user_id);

create table emails (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  provider_id bigint references email_providers (id) on delete set null,
  thread_id uuid not null,
  message_id text not null,
  in_reply_to text,
  reference_ids text[] not null default '{}',
  from_address text not null,
  from_name text,
  to_addresses jsonb not null default '[]',
  cc_addresses jsonb not null default '[]',
  subject text not null,
  body_text text not null,
  body_html text,
  kind text not null default 'human' check (kind in ('human', 'auto_reply', 'bounce', 'feedback_report')),
  status text not null default 'open' check (status in ('open', 'replied', 'resolved')),
  priority text not null default 'medium' check (priority in ('high', 'medium', 'low')),
  customer_tier text not null default 'standard' check (customer_tier in ('vip', 'enterprise', 'standard')),
  category text,
  assignee_id bigint references team_members (id) on delete set null,
  received_at timestamptz(3) not null,
  replied_at timestamptz(3),
  resolved_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- The same Message-ID twice in a mailbox is one email; no provider is a mailbox too.
  constraint emails_message_id_key unique nulls not distinct (user_id, provider_id, message_id)
);
create index emails_received_idx on emails (user_id, received_at desc, id desc);
create index emails_status_idx on emails (user_id, status, received_at desc, id desc);
create index emails_thread_idx on emails (thread_id);
create index emails_provider_idx on emails (provider_id) where provider_id is not null;
create index emails_assignee_idx on emails (assignee_id, received_at desc) where assignee_id is not null;
-- A child may arrive before its parent: the parent then looks for mail that refers to it, within the tenant.
create index emails_message_idx on emails (message_id, user_id);
create index emails_references_idx on emails using gin (reference_ids) where reference_ids <> '{}';
-- left(): a tsvector may not exceed 1 MB, and a body may.
create index emails_search_idx on emails using gin (
  to_tsvector('simple', subject || ' ' || from_address || ' ' || coalesce(from_name, '') || ' ' || left(body_text, 100000))
);

create table email_attachments (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  email_id bigint not null references emails (id) on delete cascade,
  filename text not null,
  content_type text not null,
  disposition text not null check (disposition in ('attachment', 'inline')),
  content_id text,
  size_bytes integer not null,
  sha256 text not null,
  content bytea not null
);
create index email_attachments_email_idx on email_attachments (email_id);
create index email_attachments_user_idx on email_attachments (user_id);

-- due_at is when a worker must look again: the next attempt, or the end of the present lease. Null: nothing left to do.
create table email_replies (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  email_id bigint not null references emails (id) on delete cascade,
  author_id uuid references "user" (id) on delete set null,
  to_address text not null,
  subject text not null,
  body_text text not null,
  body_html text,
  message_id text not null unique,
  in_reply_to text not null,
  reference_ids text[] not null default '{}',
  state text not null check (state in ('queued', 'sending', 'sent', 'failed')),
  sent_elsewhere boolean not null default false,
  attempts integer not null default 0,
  error_message text,
  due_at timestamptz(3),
  lease_token uuid,
  created_at timestamptz(3) not null default now(),
  sent_at timestamptz(3)
);
create index email_replies_email_idx on email_replies (email_id);
create index email_replies_user_idx on email_replies (user_id);
create index email_replies_author_idx on email_replies (author_id) where author_id is not null;
create index email_replies_due_idx on email_replies (due_at) where due_at is not null;

-- Changes that no domain event tells of: together with the events they are an email's history.
create table email_changes (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  email_id bigint not null references emails (id) on delete cascade,
  actor_id uuid references "user" (id) on delete set null,
  action text not null,
  detail json not null default '{}',
  created_at timestamptz(3) not null default now()
);
create index email_changes_email_idx on email_changes (email_id);
create index email_changes_actor_idx on email_changes (actor_id) where actor_id is not null;
create index email_changes_user_idx on email_changes (user_id);

create table reply_templates (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  name text not null,
  subject text,
  body_text text not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (user_id, name)
);

create table events (
  id uuid primary key,
  seq bigint generated always as identity,
  user_id uuid not null references "user" (id) on delete cascade,
  name text not null,
  email_id bigint references emails (id) on delete cascade,
  data json not null,
  occurred_at timestamptz(3) not null
);
create index events_stream_idx on events (user_id, seq);
create index events_email_idx on events (email_id) where email_id is not null;
`
