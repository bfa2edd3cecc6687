import { runInNewContext } from 'node:vm'
import { holidaysOfCountry } from './country-holidays.js'
import { RefusedSource, type Found, type HolidaySource } from './holiday-sources.js'
import { holidaysInIcal } from './ical-holidays.js'

// Runs in worker threads, from dist as .js and in tests as .ts through Node's type stripping, so it and what it
// imports use no decorators, enums or parameter properties.

/** Some recurrence rules have no occurrence at all, and ical.js looks for the first one for ever. */
const TIME_LIMIT_MS = 2_000

/** An Error loses its class on the way to the main thread, so the refusal travels as a value. */
export type HolidayOutcome = Found | { refused: string; field: string | undefined }

/** Piscina's task. */
export default async function read(source: HolidaySource): Promise<HolidayOutcome> {
  try {
    if ('country' in source) return await holidaysOfCountry(source.country)
    return inTime(() => holidaysInIcal(source.ical))
  } catch (error) {
    if (error instanceof RefusedSource) return { refused: error.message, field: error.field }
    throw error
  }
}

/** Counted from here, not from when the task was queued. The thread lives on: only a watchdog can end a loop. */
function inTime<T>(work: () => T): T {
  try {
    return runInNewContext('work()', { work }, { timeout: TIME_LIMIT_MS }) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new RefusedSource('takes too long to read')
  }
}
