import { unprocessable } from '../http/problem.js'
import type { PreviewTerms } from './preview-input.js'
import { WEEKDAYS, type Hours } from './calendar-definition.js'
import { DAY, timeOfDay } from './local-time.js'

/** They are counted one by one, and meanwhile nobody else is served: so many take some 100 ms. */
const MOST_INTERVALS = 25_000

/**
 * A calendar of a preview is compiled for one answer: ten years of a target in hours of six minutes each would be
 * a million intervals. Ten years of office hours are twelve thousand.
 * @throws Problem 422 before that work begins
 */
export function refuseEndlessWork(hours: Hours, { start, targetMs, pauses, pausedAt }: PreviewTerms): void {
  if (hours.always_open) return
  const week = WEEKDAYS.flatMap((day) => hours[day] ?? [])
  const openMs = week.reduce((sum, [from, to]) => sum + timeOfDay(to) - timeOfDay(from), 0)
  const pausedUntil = Math.max(start, pausedAt ?? start, ...pauses.map(({ to }) => to))
  const weeks = (pausedAt === null ? targetMs / openMs : 0) + (pausedUntil - start) / (7 * DAY)
  if (weeks * week.length <= MOST_INTERVALS) return
  const field = pausedUntil > start ? 'pauses' : 'targetMinutes'
  throw unprocessable([{ field, message: `must be used up within ${MOST_INTERVALS} opening intervals` }])
}
