import { Temporal } from 'temporal-polyfill'
import * as fc from 'fast-check'
import { WEEKDAYS, type LocalInterval } from '../../src/calendars/calendar-definition.js'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

/** Zones that have done something unusual since 1970, and some that never do. */
export const ZONES = [
  ...['UTC', 'Asia/Tokyo', 'Asia/Kolkata', 'Asia/Kathmandu', 'Etc/GMT+12', 'Pacific/Kiritimati'],
  ...['Europe/Berlin', 'Europe/London', 'Europe/Dublin', 'Europe/Moscow', 'Europe/Istanbul', 'Europe/Lisbon'],
  ...['Africa/Casablanca', 'Africa/El_Aaiun', 'Africa/Cairo', 'Africa/Juba'],
  ...['America/New_York', 'America/St_Johns', 'America/Sao_Paulo', 'America/Santiago', 'America/Caracas'],
  ...['America/Havana', 'America/Nuuk', 'America/Scoresbysund', 'America/Asuncion', 'America/Noronha'],
  ...['Asia/Gaza', 'Asia/Tehran', 'Asia/Pyongyang', 'Asia/Beirut', 'Asia/Amman', 'Asia/Manila'],
  ...['Australia/Lord_Howe', 'Australia/Adelaide', 'Pacific/Apia', 'Pacific/Chatham', 'Pacific/Kwajalein'],
  ...['Pacific/Fakaofo', 'Pacific/Norfolk', 'Antarctica/Troll', 'Antarctica/Casey', 'Antarctica/Macquarie'],
]
const FROM = Date.UTC(1973, 0)
const TO = Date.UTC(2038, 0)

/** An instant and a calendar with its hours, holidays and overrides around it; half of them where clocks change. */
export const situations = fc
  .constantFrom(...ZONES)
  .chain((timezone) => fc.record({ timezone: fc.constant(timezone), at: instantsIn(timezone) }))
  .chain(({ timezone, at }) =>
    fc.record({ at: fc.constant(at), definition: definitionsNear(timezone, at), pauses: pausesNear(at) }),
  )

function instantsIn(timezone: string): fc.Arbitrary<number> {
  const changes = changesOf(timezone)
  const anyTime = fc.integer({ min: FROM, max: TO })
  const aroundChange = fc
    .tuple(fc.nat(Math.max(0, changes.length - 1)), fc.integer({ min: -3 * DAY, max: DAY }))
    .map(([index, distance]) => changes[index]! + distance)
  const exact = changes.length > 0 ? fc.oneof(anyTime, aroundChange) : anyTime
  return fc.oneof(
    exact,
    exact.map((at) => Math.floor(at / MINUTE) * MINUTE),
  )
}

const known = new Map<string, number[]>()

function changesOf(timezone: string): number[] {
  const found = known.get(timezone) ?? []
  if (known.has(timezone)) return found
  let at = Temporal.Instant.fromEpochMilliseconds(FROM).toZonedDateTimeISO(timezone)
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    if (!next || next.epochMilliseconds > TO) break
    found.push(next.epochMilliseconds)
    at = next
  }
  known.set(timezone, found)
  return found
}

function definitionsNear(timezone: string, at: number) {
  const dates = fc
    .integer({ min: -4, max: 12 })
    .map((days) => new Date(at + days * DAY).toISOString().slice(0, 10))
  const holiday = fc.record({ date: dates, name: fc.constantFrom(undefined, 'Feast', 'Fast') })
  const overrides = fc.dictionary(dates, dayHours, { maxKeys: 3 })
  return fc
    .record({ week: fc.array(dayHours, { minLength: 7, maxLength: 7 }), overrides })
    .filter(({ week }) => minutesIn(week.flat()) >= 240) // or a large target would take centuries
    .chain((hours) => {
      const week = Object.fromEntries(WEEKDAYS.map((day, index) => [day, hours.week[index]]))
      const calendar = { ...week, overrides: hours.overrides }
      return fc.record({
        timezone: fc.constant(timezone),
        calendar: fc.constant(calendar),
        holidays: fc.array(holiday, { maxLength: 4 }),
      })
    })
}

/** Edges where clocks usually change are as likely as any other. */
const times = fc
  .oneof(
    fc.constantFrom(0, 1, 30, 60, 90, 120, 135, 150, 165, 180, 210, 240, 1380, 1410, 1439, 1440),
    fc.nat(1440),
  )
  .map((minutes) => `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`)
const pad = (number: number) => String(number).padStart(2, '0')

const dayHours: fc.Arbitrary<LocalInterval[]> = fc.oneof(
  fc.constant<LocalInterval[]>([['09:00', '17:00']]),
  fc.constant<LocalInterval[]>([['00:00', '24:00']]),
  fc.uniqueArray(times, { maxLength: 6 }).map((edges) => {
    const sorted = edges.sort()
    return Array.from({ length: Math.floor(sorted.length / 2) }, (_, index): LocalInterval => [
      sorted[2 * index]!,
      sorted[2 * index + 1]!,
    ])
  }),
)

const minutesIn = (intervals: LocalInterval[]) =>
  intervals.flat().reduce((sum, time, index) => sum + (index % 2 ? 1 : -1) * minuteOf(time), 0)
const minuteOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

const pausesNear = (at: number) =>
  fc.array(
    fc
      .tuple(fc.integer({ min: -DAY, max: 6 * DAY }), fc.integer({ min: 0, max: 2 * DAY }))
      .map(([after, lasting]) => ({ from: at + after, to: at + after + lasting })),
    { maxLength: 4 },
  )
