import { unprocessable } from '../http/problem.js'
import { BusinessCalendar, DeadlineTooFar } from './business-calendar.js'
import { account, elapsedWithPauses, remainingMs, replySchedule } from './business-time.js'
import type { CalendarDefinition } from './calendar-definition.js'
import { requestedCalendar } from './calendar-request.js'
import { Turns } from './event-loop-turns.js'
import { MOST_OPENINGS, openingsNeeded } from './opening-budget.js'
import { readPreview, type PreviewTerms } from './preview-input.js'
import type { PreviewDto } from './preview.dto.js'
import type { PreviewView } from './preview.view.js'

const MINUTE_MS = 60_000
const EXPLAINED_MS = 31 * 24 * 60 * MINUTE_MS

/**
 * What a reply clock would do that starts now and stands still in these pauses. Others have their turn meanwhile.
 * @throws Problem 422 naming what cannot be: an unknown zone, a target of 0, a deadline centuries away …
 */
export async function previewOf(input: PreviewDto): Promise<PreviewView> {
  const turns = new Turns()
  const terms = readPreview(input)
  const { timezone, calendar: hours, holidays } = input
  const definition = requestedCalendar({ timezone, calendar: hours, holidays })
  await turns.giveWay()
  refuseEndlessWork(definition, terms)
  const calendar = BusinessCalendar.compile(definition)
  const { start, targetMs, pausedAt } = terms
  await calendar.compileYears(start, pausedUntil(terms), pausedAt === null ? targetMs : 0, () =>
    turns.giveWay(),
  )
  try {
    return preview(calendar, terms)
  } catch (error) {
    if (!(error instanceof DeadlineTooFar)) throw error
    const message = 'is not used up within 100 years: the calendar has too little open time'
    throw unprocessable([{ field: 'targetMinutes', message }])
  }
}

/**
 * A calendar of a preview is compiled for one answer: ten years of a target in hours of six minutes each would be
 * half a million intervals. Ten years of office hours are twelve thousand.
 * @throws Problem 422 before that work begins
 */
function refuseEndlessWork(calendar: CalendarDefinition, terms: PreviewTerms) {
  const { start, targetMs, pausedAt } = terms
  const waitMs = pausedUntil(terms) - start
  const openings = openingsNeeded(calendar, pausedAt === null ? targetMs : 0, waitMs)
  if (openings <= MOST_OPENINGS) return
  const field = waitMs > 0 ? 'pauses' : 'targetMinutes'
  throw unprocessable([{ field, message: `must be used up within ${MOST_OPENINGS} opening intervals` }])
}

const pausedUntil = ({ start, pauses, pausedAt }: PreviewTerms): number =>
  Math.max(start, pausedAt ?? start, ...pauses.map(({ to }) => to))

function preview(calendar: BusinessCalendar, terms: PreviewTerms): PreviewView {
  const { start, pauses, pausedAt } = terms
  const schedule = pausedAt === null ? replySchedule(calendar, terms) : null
  const end = pausedAt ?? schedule!.deadlineAt.getTime()
  const { skipped } = account(calendar, start, Math.min(end, start + EXPLAINED_MS), pauses)
  return {
    deadline: schedule?.deadlineAt ?? null,
    warningAt: schedule?.warningAt ?? null,
    remainingMinutes: pausedAt === null ? null : remainingMs(calendar, terms, pausedAt) / MINUTE_MS,
    nextOpening: new Date(calendar.nextOpening(start)),
    countedMinutes: elapsedWithPauses(calendar, start, end, pauses) / MINUTE_MS,
    skipped: skipped.map((span) => ({ ...span, from: new Date(span.from), to: new Date(span.to) })),
  }
}
