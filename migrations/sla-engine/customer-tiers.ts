/** The tier of mail from an address, or from a domain and its subdomains. */
export const customerTiers = `
create table customer_tiers (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  matches text not null check (matches = lower(matches)),
  tier text not null check (tier in ('vip', 'enterprise', 'standard')),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (user_id, matches)
);
`
