import { unprocessable } from '../http/problem.js'
import { InvalidCalendar, parseCalendar, type CalendarDefinition } from './calendar-definition.js'

/** As `parseCalendar`, for what came in a request. @throws Problem 422 `invalid_calendar` naming every bad field */
export function requestedCalendar(...input: Parameters<typeof parseCalendar>): CalendarDefinition {
  try {
    return parseCalendar(...input)
  } catch (error) {
    if (error instanceof InvalidCalendar) throw unprocessable(error.errors, 'invalid_calendar')
    throw error
  }
}
