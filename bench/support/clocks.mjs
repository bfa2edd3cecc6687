import { randomUUID } from 'node:crypto'
import { Client } from 'pg'

/** Emails written by one statement: the memory of a million at once is not what is measured. */
const CHUNK = 25_000
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
 */
export async function addClocks(
  url,
  tenantId,
  { emails, receivedAt, metrics = ['first_reply'], warned = false, vacuums = true },
) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(`select current_setting('is_superuser') = 'on' as may`)
    // Every index stays. Only the checks of foreign keys, which hold by how the rows are made, are left out.
    if (rows[0].may) await client.query(`set session_replication_role = replica`)
    const mark = randomUUID()
    for (let first = 1; first <= emails; first += CHUNK) {
      const last = Math.min(first + CHUNK - 1, emails)
      await client.query(rowsSql(receivedAt), [first, last, tenantId, BODY, metrics, warned, mark])
    }
    if (vacuums) await client.query('vacuum (analyze) emails, sla_clocks, sla_clock_history')
  } finally {
    await client.end()
  }
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
