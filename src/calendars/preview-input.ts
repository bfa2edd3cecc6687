import { Temporal } from 'temporal-polyfill'
import { unprocessable, type FieldError } from '../http/problem.js'
import type { ClockTerms, Pause } from './business-time.js'
import type { PreviewDto } from './preview.dto.js'

const MINUTE_MS = 60_000
const TEN_YEARS_MS = 10 * 366 * 24 * 60 * MINUTE_MS
const USUAL_WARNING_PERCENT = 20
const MOST_PAUSES = 1_000
const EARLIEST = Date.UTC(1970, 0)
const LATEST = Date.UTC(2201, 0)

export interface PreviewTerms extends ClockTerms {
  /** When the pause began that has no end yet. */
  pausedAt: number | null
}

/** @throws Problem 422 naming every field that cannot be */
export function readPreview(input: PreviewDto): PreviewTerms {
  const { targetMinutes, warningPercent = USUAL_WARNING_PERCENT } = input
  const errors: FieldError[] = []
  const report = (field: string, message: string) => void errors.push({ field, message })
  const start = instantOf(input.start)
  if (start === undefined) report('start', NO_INSTANT)
  const targetMs = Math.round(targetMinutes * MINUTE_MS)
  if (!(targetMs > 0)) report('targetMinutes', 'must be above 0')
  if (targetMs > TEN_YEARS_MS) report('targetMinutes', 'must be at most ten years')
  if (!Number.isInteger(warningPercent) || warningPercent < 1 || warningPercent > 99)
    report('warningPercent', 'must be a whole number from 1 to 99')
  const pauses = readPauses(input.pauses ?? [], report)
  if (errors.length > 0) throw unprocessable(errors)
  return { start: start!, targetMs, warningPercent, ...pauses }
}

const NO_INSTANT = 'must be an instant with its offset, such as 2026-03-02T09:00:00+01:00, from 1970 to 2200'

function readPauses(list: unknown[], report: (field: string, message: string) => void) {
  const pauses: Pause[] = []
  let pausedAt: number | null = null
  if (list.length > MOST_PAUSES) report('pauses', `must be at most ${MOST_PAUSES}`)
  for (const [index, pair] of list.slice(0, MOST_PAUSES).entries()) {
    const field = `pauses.${index}`
    if (!Array.isArray(pair) || pair.length !== 2) {
      report(field, 'must be a from and a to')
      continue
    }
    const [from, to] = pair.map((one: unknown) => instantOf(one))
    const isOpen = pair[1] === null
    if (from === undefined) report(`${field}.0`, NO_INSTANT)
    if (to === undefined && !isOpen) report(`${field}.1`, NO_INSTANT)
    if (isOpen && index < list.length - 1) report(`${field}.1`, 'may be null only in the last pause')
    if (to! < from!) report(field, 'must not end before it begins')
    if (isOpen && pauses.some((earlier) => earlier.to > from!))
      report(field, 'must not begin before the pauses that have ended')
    if (isOpen) pausedAt = from ?? null
    else pauses.push({ from: from!, to: to! })
  }
  return { pauses, pausedAt }
}

/** Milliseconds since 1970. Temporal knows every way to write an offset, and refuses what has none. */
function instantOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length > 60) return undefined
  try {
    const { epochMilliseconds } = Temporal.Instant.from(text)
    return epochMilliseconds >= EARLIEST && epochMilliseconds < LATEST ? epochMilliseconds : undefined
  } catch {
    return undefined
  }
}
