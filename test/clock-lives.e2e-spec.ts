import { afterAll, beforeAll, expect, it } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { BusinessCalendar, ALWAYS_OPEN } from '../src/calendars/business-calendar.js'
import type { CalendarDefinition } from '../src/calendars/calendar-definition.js'
import { replay, type Entry, type Terms } from '../src/sla/clock-life.js'
import { CLOCK_ROW, historiesOf, type ClockRow } from '../src/sla/clock-rows.js'
import type { ApiClient } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { inParallel } from './support/parallel.js'
import { pick, randomly } from './support/random.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const LIVES = Number(process.env.CLOCK_LIVES ?? 1_000)
const ROUNDS = 9
const MINUTE = 60_000
const TIME_LIMIT_MS = 240_000
const SEED = Number(process.env.CLOCK_LIVES_SEED ?? 1_842)

let punctual: TestApp
let ada: ApiClient
const random = randomly(SEED)
beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

it(
  `${LIVES} random lives: the history replayed is the stored row, and no two entries contradict`,
  async () => {
    const calendarId = await insertCalendar()
    const { id: policyId } = (
      await ada.post('/sla/settings', {
        name: 'Business hours',
        customerTiers: ['vip'],
        firstReplyMinutes: 45,
        nextReplyMinutes: 90,
        resolutionMinutes: 200,
        calendarId,
      })
    ).body
    conversations.push(...(await inParallel(Array.from({ length: LIVES / 2 }), () => begin())))
    for (let round = 0; round < ROUNDS; round++) {
      await inParallel(conversations, act)
      if (round % 3 === 1) await changePolicies(policyId)
      await punctual.advance(random.integer(1, 90) * MINUTE + random.integer(0, 59_999))
      if (random.chance(0.7)) await settled()
    }
    await punctual.advance(1)
    await settled()
    await expectHistoriesToAgree()
    await expectClocksWhereOwed()
  },
  TIME_LIMIT_MS,
)

interface Conversation {
  emailIds: number[]
  messageId: string
}

const conversations: Conversation[] = []
let messages = 0
async function begin(): Promise<Conversation> {
  const messageId = `life-${++messages}@example.com`
  const { status, body } = await ada.post('/emails', { ...mail(), messageId })
  expect(status, JSON.stringify(body)).toBe(201)
  return { emailIds: [body.id], messageId }
}

const mail = () => ({
  from: { address: 'c@example.com' },
  subject: 'S',
  text: 'T',
  priority: pick(random, ['high', 'medium', 'low']),
  customerTier: pick(random, ['vip', 'vip', 'enterprise', 'standard']),
  receivedAt: new Date(punctual.clock.now().getTime() - random.integer(0, 50) * MINUTE),
})

/** One thing that happens to a conversation; what its state forbids is refused, and that is a life too. */
async function act(conversation: Conversation): Promise<void> {
  const id = pick(random, conversation.emailIds)
  const statuses = { write: [201], others: [200, 201, 409] }
  const acts: (() => Promise<unknown>)[] = [
    async () => {
      const answer = await ada.post('/emails', { ...mail(), inReplyTo: conversation.messageId })
      expect(statuses.write, JSON.stringify(answer.body)).toContain(answer.status)
      conversation.emailIds.push(answer.body.id)
    },
    async () => {
      const other = pick(random, conversations)
      const references = [conversation.messageId, other.messageId]
      const answer = await ada.post('/emails', { ...mail(), references }) // proves them to be one
      expect(statuses.write, JSON.stringify(answer.body)).toContain(answer.status)
    },
    ...[
      () => ada.post(`/emails/${id}/reply`, { text: 'Hello' }),
      () => ada.post(`/emails/${id}/resolve`),
      () => ada.post(`/emails/${id}/reopen`),
      () =>
        ada.post(`/emails/${id}/sla/pause`, {
          reason: pick(random, ['waiting_for_customer', 'on_hold']),
        }),
      () => ada.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' }),
      () => ada.post(`/emails/${id}/sla/resume`),
      () => ada.post(`/emails/${id}/sla/resume`),
      () => ada.patch(`/emails/${id}`, { priority: pick(random, ['high', 'medium', 'low']) }),
      () => ada.patch(`/emails/${id}`, { customerTier: pick(random, ['vip', 'standard']) }),
    ].map((send) => async () => {
      const { status, body } = await send()
      expect(statuses.others, JSON.stringify(body)).toContain(status)
    }),
    async () => {}, // nothing happens
  ]
  await pick(random, acts)()
}

async function changePolicies(id: number): Promise<void> {
  const changes = pick(random, [
    { firstReplyMinutes: random.integer(10, 120), warningPercent: random.integer(1, 99) },
    { resolutionMinutes: pick(random, [null, 30, 400]) },
    { calendarId: null },
    { nextReplyMinutes: random.integer(1, 300) },
  ])
  const { status, body } = await ada.patch(`/sla/settings/${id}`, changes)
  expect(status, JSON.stringify(body)).toBe(200)
}

/** Berlin, Monday to Friday, with a lunch break and a day off. */
async function insertCalendar(): Promise<number> {
  const day: [string, string][] = [
    ['09:00', '12:00'],
    ['12:45', '17:30'],
  ]
  const definition: CalendarDefinition = {
    timezone: 'Europe/Berlin',
    hours: { mon: day, tue: day, wed: day, thu: day, fri: [['09:00', '13:00']] },
    holidays: [{ date: '2026-03-03', name: 'A day off' }],
  }
  const [{ id }] = (await punctual.query<{ id: number }>(
    `insert into sla_calendars (user_id, name) values ($1, 'Berlin') returning id`,
    [ada.tenantId],
  )) as [{ id: number }]
  await punctual.query(
    `insert into sla_calendar_versions (user_id, calendar_id, version, definition) values ($1, $2, 1, $3)`,
    [ada.tenantId, id, JSON.stringify(definition)],
  )
  return id
}

/** Nothing is due any more, and the last change has reached every clock. */
async function settled(): Promise<void> {
  await eventually(async () => {
    const open = await punctual.query(
      `select 1 from sla_clocks where next_due_at <= ${punctual.clock.sqlNow}
       union all select 1 from sla_revisions where applied < revision`,
    )
    expect(open).toEqual([])
  })
}

/** An open conversation awaits one answer, an unresolved one its resolution, where the policy has a target; others nothing. */
async function expectClocksWhereOwed(): Promise<void> {
  const kinds = [
    ["c.metric <> 'resolution'", "e.status = 'open'"],
    ["c.metric = 'resolution'", "e.status <> 'resolved'"],
  ]
  for (const [kind, awaits] of kinds) {
    const wrong = await punctual.query(
      `select * from (
         select e.thread_id, bool_or(${awaits}) as awaits, count(c.id)::int as clocks,
                count(c.id) filter (where c.breached_at is null)::int as unbreached
         from emails e left join sla_clocks c on c.email_id = e.id and c.stopped_at is null and ${kind}
         group by e.thread_id) one
       where clocks > 0 and not awaits or unbreached > 1`,
    )
    expect(wrong, kind).toEqual([])
  }
  const forgotten = await punctual.query(
    `select e.thread_id from emails e where e.status = 'open' group by e.thread_id
     having not exists (select from sla_clocks c join emails t on t.id = c.email_id
       where t.thread_id = e.thread_id and c.stopped_at is null and c.metric <> 'resolution')`,
  )
  expect(forgotten, 'open mail whose answer no clock awaits').toEqual([])
}

async function expectHistoriesToAgree(): Promise<void> {
  const clocks = await punctual.query<ClockRow>(`select ${CLOCK_ROW} from sla_clocks c order by c.id`)
  expect(clocks.length).toBeGreaterThanOrEqual(LIVES)
  const work = punctual.app.get(UnitOfWork)
  const histories = await work.run((tx) =>
    historiesOf(
      tx,
      clocks.map(({ id }) => id),
    ),
  )
  const calendarOf = await calendars()
  const seen: Record<string, number> = {}
  for (const { id, metric: _metric, ...face } of clocks) {
    const entries = histories.get(id)!
    for (const { type } of entries) seen[type] = (seen[type] ?? 0) + 1
    expect(replay(entries, calendarOf), `clock ${id}: ${JSON.stringify(entries, null, 1)}`).toEqual(face)
    expectNoContradiction(id, entries)
  }
  // Every kind of thing has happened, and often.
  for (const type of [
    'started',
    'paused',
    'resumed',
    'recomputed',
    'warned',
    'breached',
    'stopped',
    'cancelled',
  ])
    expect(seen[type], type).toBeGreaterThan(LIVES / 100)
}

function expectNoContradiction(id: number, entries: Entry[]): void {
  const story = entries.map(({ type }) => type).join(' ')
  const what = `clock ${id}: ${story}`
  expect(story, what).toMatch(/^started\b/)
  for (const once of ['started', 'warned', 'breached', 'stopped'])
    expect(entries.filter(({ type }) => type === once).length, `${what}: ${once}`).toBeLessThanOrEqual(1)
  expect(story, what).not.toMatch(/stopped ./) // nothing follows
  expect(story, what).not.toMatch(/breached (?!stopped)./) // it can only be stopped
  expect(story, what).not.toMatch(/cancelled ./)
  expect(story, what).not.toMatch(/paused (?!resumed|recomputed|cancelled)./)
  expect(story.includes('breached') && !story.includes('warned'), what).toBe(false)
  for (const { at, recordedAt } of entries.filter(({ type }) => type === 'warned' || type === 'breached'))
    expect(recordedAt >= at, `${what}: said too early`).toBe(true)
}

async function calendars(): Promise<(terms: Terms) => BusinessCalendar> {
  const rows = await punctual.query<{ id: number; definition: CalendarDefinition }>(
    'select id, definition from sla_calendar_versions',
  )
  const compiled = new Map(rows.map(({ id, definition }) => [id, BusinessCalendar.compile(definition)]))
  return ({ calendarVersionId }) =>
    calendarVersionId === null ? ALWAYS_OPEN : compiled.get(calendarVersionId)!
}
