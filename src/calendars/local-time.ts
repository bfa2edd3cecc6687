export const MINUTE = 60_000
export const DAY = 1_440 * MINUTE

const TIME = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/
const DATE = /^\d{4}-\d\d-\d\d$/

/** Milliseconds since midnight of a strict `HH:MM`, `24:00` included; NaN for anything else. */
export function timeOfDay(text: string): number {
  const match = TIME.exec(text)
  if (!match) return NaN
  return match[1] === undefined ? DAY : Number(match[1]) * 60 * MINUTE + Number(match[2]) * MINUTE
}

/** The midnight of a `YYYY-MM-DD`, in milliseconds as though it were UTC; NaN for a date that does not exist. */
export function dayOf(date: string): number {
  if (!DATE.test(date)) return NaN
  const day = Date.parse(date)
  // Date.parse takes 2026-02-30 for the 2nd of March.
  return dateOf(day) === date ? day : NaN
}

const dateOf = (day: number) => (Number.isNaN(day) ? '' : new Date(day).toISOString().slice(0, 10))
