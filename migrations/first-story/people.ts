/**
 * People and the right to act. A tenant is the account owner's user row; everyone else in it points there by owner_id.
 * Instants are timestamptz(3) throughout: what JavaScript can hold, so that SQL and TypeScript compare alike.
 */
export const people = `
create table "user" (
  id uuid primary key default gen_random_uuid(),
  email text not null,
  name text not null,
  role text not null default 'admin' check (role in ('admin', 'manager', 'agent')),
  owner_id uuid references "user" (id) on delete cascade,
  email_verified boolean not null default false,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index user_email_key on "user" (lower(email));
create index user_owner_idx on "user" (owner_id);

-- One row a way of signing in; provider 'credential' is the password.
create table account (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references "user" (id) on delete cascade,
  provider_id text not null,
  account_id text not null,
  password_hash text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (provider_id, account_id)
);
create index account_user_idx on account (user_id);

-- previous_token_hash tells a stolen refresh token (used again after its rotation) from an unknown one.
create table session (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references "user" (id) on delete cascade,
  token_hash text not null unique,
  previous_token_hash text unique,
  rotated_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  ip_address text,
  user_agent text,
  created_at timestamptz(3) not null default now()
);
create index session_user_idx on session (user_id);

create table verification (
  id uuid primary key default gen_random_uuid(),
  identifier text not null,
  value_hash text not null,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now()
);
create index verification_identifier_idx on verification (identifier);

create table idempotency_keys (
  user_id uuid not null references "user" (id) on delete cascade,
  key text not null,
  fingerprint text not null,
  status_code integer,
  body text,
  created_at timestamptz(3) not null default now(),
  primary key (user_id, key)
);
create index idempotency_keys_created_idx on idempotency_keys (created_at);

create table team_members (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  name text not null,
  email text not null,
  role text not null default 'agent' check (role in ('agent', 'manager')),
  is_active boolean not null default true,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index team_members_email_key on team_members (user_id, lower(email));
`
