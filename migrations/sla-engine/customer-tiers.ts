/** The tier of mail from an address, or from a domain and its subdomains; and what mail is compared by with domains. */
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

-- The sender's domain and those above it. Of a domain in Unicode SQL cannot say how it reads in ASCII.
alter table emails add sender_domains text[] not null default '{}';
update emails set sender_domains = array(
  select suffix
  from string_to_array(lower(substring(from_address from '[^@]*$')), '.') as labels,
    generate_series(1, cardinality(labels) - 1) as n,
    array_to_string(labels[n:], '.') as suffix
  where suffix ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+([a-z]{2,}|xn[a-z0-9-]{2,})$'
  order by n)
where from_address like '%.%';
`
