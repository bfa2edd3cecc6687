/**
 * sla_settings become ordered policies with conditions of any length: null is any. What a clock was computed with is a
 * version, which never changes and outlives its policy.
 */
export const policies = `
alter table sla_settings
  add name text,
  add position integer,
  add version integer not null default 1,
  add is_default boolean not null default false,
  add priorities text[] check (priorities <@ array['high', 'medium', 'low'] and priorities <> '{}'),
  add customer_tiers text[] check (customer_tiers <@ array['vip', 'enterprise', 'standard'] and customer_tiers <> '{}'),
  add mailbox_ids bigint[] check (mailbox_ids <> '{}'),
  add categories text[] check (categories <> '{}'),
  add sender_domains text[] check (sender_domains <> '{}'),
  add first_reply_seconds integer check (first_reply_seconds > 0),
  add next_reply_seconds integer check (next_reply_seconds > 0),
  add resolution_seconds integer check (resolution_seconds > 0),
  add calendar_id bigint references sla_calendars (id),
  add on_warning text[] not null default '{notify}' check (on_warning <@ array['notify', 'raise_priority', 'reassign']),
  add on_breach text[] not null default '{notify}' check (on_breach <@ array['notify', 'raise_priority', 'reassign']);

update sla_settings s
set name = customer_tier || ' ' || priority, position = p.place, priorities = array[priority],
    customer_tiers = array[customer_tier], first_reply_seconds = target_seconds, next_reply_seconds = target_seconds
from (select id, row_number() over (partition by user_id order by id) as place from sla_settings) p
where p.id = s.id;

alter table sla_settings alter name set not null, alter position set not null;
alter table sla_settings drop priority, drop customer_tier, drop target_seconds;

insert into sla_settings (user_id, name, position, is_default, first_reply_seconds, next_reply_seconds)
select user_id, 'Default', max(position) + 1, true, 86400, 86400 from sla_settings group by user_id;

alter table sla_settings
  add unique (user_id, position) deferrable initially deferred,
  add constraint sla_settings_default_check check (not is_default or (is_active
    and num_nonnulls(priorities, customer_tiers, mailbox_ids, categories, sender_domains) = 0));
create unique index sla_settings_default_idx on sla_settings (user_id) where is_default;
create index sla_settings_calendar_idx on sla_settings (calendar_id) where calendar_id is not null;

create table sla_setting_versions (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  setting_id bigint references sla_settings (id) on delete set null,
  version integer not null,
  definition json not null,
  created_at timestamptz(3) not null default now(),
  unique (setting_id, version)
);
create index sla_setting_versions_user_idx on sla_setting_versions (user_id);
insert into sla_setting_versions (user_id, setting_id, version, definition)
select user_id, id, version, json_build_object('name', name, 'priorities', priorities, 'customerTiers', customer_tiers,
  'mailboxIds', mailbox_ids, 'categories', categories, 'senderDomains', sender_domains,
  'firstReplySeconds', first_reply_seconds, 'nextReplySeconds', next_reply_seconds,
  'resolutionSeconds', resolution_seconds, 'calendarId', calendar_id, 'warningPercent', warning_percent,
  'onWarning', on_warning, 'onBreach', on_breach) from sla_settings;

-- Grows by one with every change of a tenant's policies or calendars that clocks depend on; clocks of an earlier one
-- are recomputed, and once all are, applied has caught up.
create table sla_revisions (
  user_id uuid primary key references "user" (id) on delete cascade,
  revision bigint not null default 0,
  applied bigint not null default 0,
  changed_at timestamptz(3) not null default now(),
  -- When a batch of its clocks was last recomputed: tenants take turns.
  swept_at timestamptz(3) not null default now()
);
create index sla_revisions_open_idx on sla_revisions (swept_at) where applied < revision;
insert into sla_revisions (user_id, revision) select distinct user_id, 1 from sla_settings;
`
