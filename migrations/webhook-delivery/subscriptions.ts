/** What a webhook wants to hear, how it is told, and how it does. */
export const subscriptions = `
alter table webhooks
  add format text not null default 'json' check (format in ('json', 'slack')),
  add ordering text not null default 'none' check (ordering in ('none', 'email')),
  -- Null is any.
  add priorities text[],
  add customer_tiers text[],
  add mailbox_ids bigint[],
  -- Deliveries a second.
  add rate_limit integer check (rate_limit between 1 and 1000),
  -- Of what a worker keeps in memory: url, headers, secrets, format.
  add version integer not null default 1,
  add previous_secret text,
  add previous_secret_until timestamptz(3),
  add inactive_since timestamptz(3),
  add inactive_because text check (inactive_because in ('paused', 'gone', 'failing')),
  add breaker text not null default 'closed' check (breaker in ('closed', 'open', 'draining')),
  -- Deliveries that failed since the last success, the first five; since when; and from which delivery on.
  add failing bigint[] not null default '{}',
  add failing_since timestamptz(3),
  add failing_from bigint,
  -- Since when an outage lasts that people were told of, until all that waited is out.
  add outage_since timestamptz(3),
  -- When the next parked delivery may be set free; null while none waits, or none may.
  add release_at timestamptz(3);

update webhooks set inactive_since = updated_at, inactive_because = 'paused' where not is_active;
alter table webhooks add check (is_active = (inactive_because is null)),
  add check (is_active = (inactive_since is null));

create index webhooks_release_idx on webhooks (release_at) where release_at is not null;
create index webhooks_paced_idx on webhooks (id)
  where release_at is null and is_active and (rate_limit is not null or breaker = 'draining');

-- Alerts about a webhook.
alter table alerts add webhook_id bigint references webhooks (id) on delete cascade;
create index alerts_webhook_idx on alerts (webhook_id) where webhook_id is not null;
alter table alerts drop constraint alerts_type_check, add constraint alerts_type_check check (
  type in ('sla.warning', 'sla.breached', 'webhook.failing', 'webhook.recovered', 'webhook.deactivated'));
alter table alerts drop constraint alerts_severity_check, add constraint alerts_severity_check check (
  severity in ('info', 'warning', 'critical'));
`
