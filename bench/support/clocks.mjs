import { randomUUID } from 'node:crypto'
import { Client } from 'pg'

/** Emails written by one statement: the memory of a million at once is not what is measured. */
const CHUNK = 25_000
const TABLES = 'emails, sla_clocks, sla_clock_history'
const BODY = 'It stopped after the last update. What can I do? '.repeat(3)

/** A tenant made through the API, with the policies that a tenant starts with; `events` go to a webhook. */
export async function createTenant(app, webhook) {
  const account = { name: 'Ada', email: 'ada@example.com', password: 'a long password' }
  const { accessToken, user } = await post(`${app.url}/api/auth/register`, account)
  const headers = { authorization: `Bearer ${accessToken}` }
  await answerTo(`${app.url}/api/sla/settings`, { headers })
  if (webhook) await post(`${app.url}/api/webhooks/subscribe`, webhook, headers)
  return user.tenantId
}

/**
 * Open clocks with their emails and histories, as the app writes them, all by the policy of 48 hours.
 *
 * @param receivedAt SQL: when email `i`, counted from 1, came in
 * @param metrics those of the clocks of each email
 * @param warned whether their warning has been told, 0.4 hours after it was due
 * @param vacuums whether the tables are left as autovacuum would leave them
 */
export async function addClocks(
  url,
  tenantId,
  { emails, receivedAt, metrics = ['first_reply'], warned = false, vacuums = true },
) {
  const client = await connectLoader(url)
  try {
    await addRows(client, receivedAt, [1, emails, tenantId, BODY, metrics, warned, randomUUID()])
    if (vacuums) await client.query(`vacuum (analyze) ${TABLES}`)
  } finally {
    await client.end()
  }
}

/**
 * As `addClocks`, for the first and many clocks of a database. Keeping the indexes up to date, that of all words above
 * all, would take most of the time: those that no constraint needs are made afterwards.
 */
export async function fillWithClocks(url, tenantId, { emails, receivedAt, metrics }) {
  const clients = await Promise.all([connectLoader(url), connectLoader(url)])
  const [client] = clients
  try {
    const { rows: indexes } = await client.query(
      `select indexrelid::regclass as name, pg_get_indexdef(indexrelid) as sql from pg_index
       where indrelid = any($1::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)`,
      [TABLES.split(', ')],
    )
    for (const { name } of indexes) await client.query(`drop index ${name}`)
    const halves = [
      [1, Math.floor(emails / 2)],
      [Math.floor(emails / 2) + 1, emails],
    ]
    const mark = randomUUID()
    await Promise.all(
      halves.map((range, half) =>
        addRows(clients[half], receivedAt, [...range, tenantId, BODY, metrics, false, mark]),
      ),
    )
    for (const { sql } of indexes) await client.query(sql)
    await client.query(`vacuum (analyze) ${TABLES}`)
    await client.query('checkpoint') // what was just written shall not be written while something is measured
  } finally {
    for (const one of clients) await one.end()
  }
}

async function connectLoader(url) {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`set synchronous_commit = off; set maintenance_work_mem = '256MB'`)
  const { rows } = await client.query(`select current_setting('is_superuser') = 'on' as may`)
  // Only the checks of foreign keys, which hold by how the rows are made, are left out.
  if (rows[0].may) await client.query(`set session_replication_role = replica`)
  return client
}

async function addRows(client, receivedAt, [from, to, ...others]) {
  for (let first = from; first <= to; first += CHUNK)
    await client.query(rowsSql(receivedAt), [first, Math.min(first + CHUNK - 1, to), ...others])
}

/** Rows that no app wrote wake nobody: workers find them when they next look in any case, and then sleep until `instant`. */
export function beforeNextPoll(instant) {
  if (Date.now() > instant.getTime() - 5_000) throw new Error('This machine writes too slowly for this bench')
}

const rowsSql = (receivedAt) => `
  with mail as (
    insert into emails (user_id, thread_id, message_id, from_address, from_name, subject, body_text, priority,
      received_at, created_at)
    select $3, gen_random_uuid(), $7 || to_char(i, 'FM0000000') || '@example.com', 'customer' || i % 1000 || '@example.com',
      'Charles Babbage', 'The engine does not start', $4, 'low', at, at
    from (select i, ${receivedAt} as at from generate_series($1::integer, $2::integer) as i) as one
    returning id, received_at),
  started as (
    insert into sla_clocks (user_id, email_id, metric, revision, policy_version_id, started_at, target_seconds,
      warning_at, deadline_at, warned_at, next_due_at)
    select $3, m.id, metric, coalesce(r.revision, 0), v.id, m.received_at, p.first_reply_seconds,
      m.received_at + p.first_reply_seconds * interval '0.8 seconds',
      m.received_at + p.first_reply_seconds * interval '1 second',
      case when $6 then m.received_at + p.first_reply_seconds * interval '0.81 seconds' end,
      m.received_at + p.first_reply_seconds
        * case when $6 then interval '1 second' else interval '0.8 seconds' end
        + case when $6 then interval '1 millisecond' else interval '0' end
    from mail m cross join unnest($5::text[]) as metric
    join sla_settings p on p.user_id = $3 and p.name = 'standard low'
    join sla_setting_versions v on v.setting_id = p.id and v.version = p.version
    left join sla_revisions r on r.user_id = $3
    returning *)
  insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
  select c.id, 'started', c.started_at, c.started_at, json_build_object('startedAt', c.started_at,
    'targetSeconds', c.target_seconds, 'warningPercent', c.warning_percent, 'policyVersionId', c.policy_version_id,
    'calendarVersionId', null, 'deadlineAt', c.deadline_at)
  from started c
  union all
  select c.id, 'warned', c.warning_at, c.warned_at, '{}' from started c where c.warned_at is not null`

const post = (url, body, headers = {}) =>
  answerTo(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function answerTo(url, request) {
  const response = await fetch(url, request)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}
