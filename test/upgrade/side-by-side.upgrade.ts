import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AppProcess } from '../chaos/app-process.js'
import { createChaosDatabase, type ChaosDatabase } from '../chaos/chaos-database.js'
import { CountingReceiver } from '../chaos/counting-receiver.js'
import { figure } from '../chaos/figures.js'
import { eventually } from '../support/eventually.js'
import { builtRelease, previousRelease } from './previous-release.js'
import { Doors, Story } from './story.js'

const DAYS = Number(process.env.UPGRADE_DAYS ?? 4)
const STORIES = Number(process.env.UPGRADE_STORIES ?? 3)
const TARGET_SECONDS = 5
/** A lease of deliveries lasts 30 s. */
const SETTLED_WITHIN_MS = 90_000

/** What runs and is asked at a time, in this order. A step starts and stops processes under load. */
const UPWARDS = ['old', 'old new', 'new', 'new old', 'old', 'old new', 'new']
const DOWNWARDS = ['new', 'new old', 'old', 'old new', 'new']

let folder: string
let database: ChaosDatabase
let receiver: CountingReceiver
const running = new Map<string, AppProcess>()

beforeAll(() => {
  folder = builtRelease(previousRelease())
})

afterEach(async () => {
  await Promise.all([...running.values()].map((app) => app.kill()))
  running.clear()
  await receiver.stop()
  await database.drop()
})

describe(`${previousRelease().version} and this release beside each other on one database`, () => {
  it.each([
    ['the former is upgraded, gone back to, and upgraded again', UPWARDS],
    ['this one is begun with, gone back from, and come back to', DOWNWARDS],
  ])('serve all that is asked and lose nothing: %s', async (_name, steps) => {
    database = await createChaosDatabase()
    receiver = await CountingReceiver.start(5)
    const doors = new Doors()
    await goTo(steps[0]!, doors)
    const stories = Array.from(
      { length: STORIES },
      (_, index) => new Story(doors, `ada-${index}@example.com`),
    )
    for (const story of stories) await story.begin(receiver.url, TARGET_SECONDS)
    let day = 0
    for (const step of steps) {
      const life = { isOver: false }
      const meanwhile = Promise.all(stories.map((story) => days(story, () => day++, life)))
      await goTo(step, doors)
      life.isOver = true
      await meanwhile
      for (let count = 0; count < DAYS; count++) await Promise.all(stories.map((story) => story.day(day++)))
    }
    expect(doors.refusals).toEqual([])
    await eventually(
      async () => expect(await unsettled()).toEqual({ clocks: 0, queue: 0 }),
      SETTLED_WITHIN_MS,
    )
    await expectNothingLost(stories.flatMap(({ emails }) => emails))
    figure(
      'upgrade-requests',
      Object.values(doors.statuses).reduce((sum, count) => sum + count),
      'requests',
    )
    figure('upgrade-deliveries', receiver.total, 'deliveries')
    figure('upgrade-duplicate-deliveries', receiver.duplicates, 'deliveries')
  })
})

async function days(story: Story, next: () => number, life: { isOver: boolean }): Promise<void> {
  while (!life.isOver) await story.day(next())
}

/** Starts what is missing and, once it is asked as well, stops what is too much: nobody asks one that stops. */
async function goTo(step: string, doors: Doors): Promise<void> {
  const wanted = step.split(' ')
  for (const which of wanted) if (!running.has(which)) running.set(which, await start(which))
  doors.open = wanted.map((which) => running.get(which)!.baseUrl)
  for (const [which, app] of running)
    if (!wanted.includes(which)) {
      running.delete(which)
      expect(await app.stop(), app.log).toBe(0)
    }
}

const start = (which: string) =>
  AppProcess.start(database.url, {}, which === 'old' ? join(folder, 'dist/src/main.js') : undefined)

async function unsettled(): Promise<unknown> {
  const [row] = await database.query(
    `select (select count(*)::int from sla_clocks where next_due_at is not null) as clocks,
            (select count(*)::int from webhook_queue) as queue`,
  )
  return row
}

async function expectNothingLost(emails: number[]): Promise<void> {
  const [kept] = await database.query<{ emails: number; replies: number; late: number }>(
    `select (select count(*)::int from emails where id = any('{${emails.join()}}')) as emails,
            (select count(*)::int from email_replies) as replies,
            (select count(distinct email_id)::int from sla_clocks where breached_at is not null) as late`,
  )
  const half = emails.length / 2
  expect(kept).toEqual({ emails: emails.length, replies: half, late: half })
  const events = await database.query<{ id: string }>('select id::text from events order by 1')
  const told = await database.query<{ id: string }>(
    `select event_id::text as id from webhook_logs where status = 'success' order by 1`,
  )
  expect(told).toEqual(events)
  expect(receiver.ids).toEqual(events.map(({ id }) => id))
}
