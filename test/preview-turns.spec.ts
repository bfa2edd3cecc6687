import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { BusinessCalendar } from '../src/calendars/business-calendar.js'
import { previewOf } from '../src/calendars/preview.js'

const time = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
const DAY: [string, string][] = Array.from({ length: 12 }, (_, i) => [time(i * 100), time(i * 100 + 50)])
const WEEK = { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: DAY, sat: DAY, sun: DAY }
const TERMS = { start: '2026-01-01T00:00:00Z', timezone: 'Europe/Berlin', calendar: WEEK }

it('a preview lets others have their turn while it computes', async () => {
  let now = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10)) // each step takes as long as it may
  let turns = 0
  const asked = { isOver: false }
  const preview = previewOf({ ...TERMS, targetMinutes: 1_200_000 }).then((view) => {
    asked.isOver = true
    return view
  })
  while (!asked.isOver) {
    await nextTurn()
    turns++
  }
  clock.mockRestore()
  expect((await preview).deadline).toBeInstanceOf(Date)
  expect(turns).toBeGreaterThan(5)
})

it('has every year compiled before it counts', async () => {
  const calendar = BusinessCalendar.compile({ timezone: 'UTC', hours: WEEK, holidays: [] })
  const start = Date.UTC(2026, 5)
  let years = 0
  const giveWay = async () => void years++
  await calendar.compileYears(start, Date.UTC(2028, 5), 300 * 600 * 60_000, giveWay)
  expect(years).toBeGreaterThanOrEqual(4) // 2026 to 2029 at least: of a day ten hours are open
})
