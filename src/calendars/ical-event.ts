import { Temporal } from 'temporal-polyfill'
import { oneLine } from '../emails/mail-text.js'

/** jCal (RFC 7265), as ical.js parses it: what stands in the file, not yet judged. */
export type JCalProperty = [
  name: string,
  parameters: Record<string, unknown>,
  type: string,
  ...values: unknown[],
]
export type JCalComponent = [name: string, properties: JCalProperty[], components: JCalComponent[]]

/** Why an event is no holiday. */
export class Unusable extends Error {}

/** A time on the wall of some place. A date is midnight in the time zone of the calendar that takes it in. */
export interface Moment {
  wall: Temporal.PlainDateTime
  zone: string
}

export interface Span {
  /** Of both ends. */
  zone: string
  start: Temporal.PlainDateTime
  end: Temporal.PlainDateTime
}

export const propertiesOf = ([, properties]: JCalComponent, name: string): JCalProperty[] =>
  properties.filter(([found]) => found === name)

export const textOf = (event: JCalComponent, name: string, limit = 200): string =>
  oneLine(String(propertiesOf(event, name)[0]?.[3] ?? ''), limit)

/** @throws Unusable when it has no start that exists, or ends before it */
export function spanOf(event: JCalComponent, timezone: string): Span {
  const [dtstart] = propertiesOf(event, 'dtstart')
  if (!dtstart) throw new Unusable('has no date')
  const { wall: start, zone } = momentOf(dtstart, timezone)
  const end = endOf(event, start, zone, timezone)
  if (Temporal.PlainDateTime.compare(end, start) < 0) throw new Unusable('ends before it begins')
  // RFC 5545 has the end later than the start, but many feeds give a day its own date as the end.
  if (dtstart[2] === 'date' && end.equals(start)) return { zone, start, end: start.add({ days: 1 }) }
  return { zone, start, end }
}

/** @throws Unusable when there is no such instant */
export function momentOf(property: JCalProperty, timezone: string, value: unknown = property[3]): Moment {
  const text = String(value)
  const isUtc = text.endsWith('Z')
  const zone = isUtc ? 'UTC' : String((property[2] !== 'date' && property[1].tzid) || timezone)
  const wall = orUnusable('has a date that does not exist', () =>
    Temporal.PlainDateTime.from(isUtc ? text.slice(0, -1) : text),
  )
  orUnusable(`is in the time zone ${oneLine(zone, 60)}, which is none of IANA's`, () =>
    wall.toZonedDateTime(zone),
  )
  return { wall, zone }
}

/** The same instant on the wall of another place. */
export const wallIn = (zone: string, moment: Moment): Temporal.PlainDateTime =>
  moment.zone === zone
    ? moment.wall
    : moment.wall.toZonedDateTime(moment.zone).withTimeZone(zone).toPlainDateTime()

function endOf(event: JCalComponent, start: Temporal.PlainDateTime, zone: string, timezone: string) {
  const [dtend] = propertiesOf(event, 'dtend')
  if (dtend) return wallIn(zone, momentOf(dtend, timezone))
  const duration = textOf(event, 'duration')
  return duration === '' ? start : orUnusable('has a duration that is none', () => start.add(duration))
}

function orUnusable<T>(reason: string, work: () => T): T {
  try {
    return work()
  } catch {
    throw new Unusable(reason)
  }
}
