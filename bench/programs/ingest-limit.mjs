import { randomUUID } from 'node:crypto'
import { Client } from 'pg'

/**
 * The limit of `ingest`: the rows that one email becomes, written by a bare client with nothing in between. Each in a
 * transaction of its own, prepared once, so that the server only executes.
 */
const { url, connections, seconds, warmUpSeconds, tenantId, webhookId, email } = JSON.parse(process.argv[2])
const MINUTE = 60_000
const TARGET_MINUTES = 1440

const clients = await Promise.all(Array.from({ length: connections }, connect))
await Promise.all(clients.map((client) => writeFor(client, warmUpSeconds)))
const startedAt = performance.now()
const counts = await Promise.all(clients.map((client) => writeFor(client, seconds)))
const elapsed = (performance.now() - startedAt) / 1_000
await Promise.all(clients.map((client) => client.end()))
process.send({ perSecond: counts.reduce((sum, count) => sum + count, 0) / elapsed })

async function connect() {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}

async function writeFor(client, forSeconds) {
  const end = performance.now() + forSeconds * 1_000
  let count = 0
  for (; performance.now() < end; count++) await write(client)
  return count
}

async function write(client) {
  await client.query('begin')
  const now = new Date()
  const [threadId, eventId, messageId] = [randomUUID(), randomUUID(), `${randomUUID()}@punctual.local`]
  const { address, name } = email.from
  const { rows } = await client.query({
    name: 'email',
    text: `insert into emails (user_id, thread_id, message_id, in_reply_to, reference_ids, from_address, from_name,
             to_addresses, cc_addresses, subject, body_text, body_html, kind, priority, customer_tier, category,
             received_at, sender_domains)
           values ($1, $2, $3, null, '{}', $4, $5, '[]', '[]', $6, $7, null, 'human', 'medium', 'standard', null, $8,
             '{example.com}')
           returning id`,
    values: [tenantId, threadId, messageId, address, name, email.subject, email.text, now],
  })
  const data = { email: factsOf(rows[0].id, threadId, messageId, now) }
  await client.query({
    name: 'event',
    text: `insert into events (id, user_id, name, email_id, data, occurred_at, sequence)
           values ($1, $2, 'email.received', $3, $4, $5, 1)`,
    values: [eventId, tenantId, rows[0].id, JSON.stringify(data), now],
  })
  await client.query({
    name: 'clock',
    text: `with started as (
             insert into sla_clocks (user_id, email_id, started_at, target_seconds, warning_at, deadline_at, next_due_at)
             values ($1, $2, $3, $4, $5, $6, $5) returning *)
           insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
           select id, 'started', started_at, started_at, json_build_object('startedAt', started_at,
             'targetSeconds', target_seconds, 'deadlineAt', deadline_at) from started`,
    values: [
      tenantId,
      rows[0].id,
      now,
      TARGET_MINUTES * 60,
      new Date(now.getTime() + TARGET_MINUTES * MINUTE * 0.8),
      new Date(now.getTime() + TARGET_MINUTES * MINUTE),
    ],
  })
  await client.query({
    name: 'delivery',
    text: `with logged as (
             insert into webhook_logs (webhook_id, event_id, event_type, attempts, created_at)
             values ($1, $2, 'email.received', 0, $3) returning id, webhook_id, event_id)
           insert into webhook_queue (delivery_id, webhook_id, event_id, due_at)
             select id, webhook_id, event_id, $3 from logged`,
    values: [webhookId, eventId, now],
  })
  await client.query('commit')
}

/** What the event tells of the email, as the app's does. */
function factsOf(id, threadId, messageId, receivedAt) {
  return {
    id: Number(id),
    threadId,
    messageId,
    subject: email.subject,
    from: email.from,
    kind: 'human',
    priority: 'medium',
    customerTier: 'standard',
    category: null,
    status: 'open',
    assigneeId: null,
    receivedAt: receivedAt.toISOString(),
  }
}
