import { applyDecorators } from '@nestjs/common'
import { Transform } from 'class-transformer'
import { IsDate, MaxDate, MinDate } from 'class-validator'

const ISO_INSTANT =
  /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/
const LAST = new Date('9999-12-31T23:59:59.999Z')

/** An ISO 8601 instant with its offset, as a Date; nothing before 1970, which no mail is, nor after the year 9999. */
export const Instant = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && instantOf(value)) || value),
    IsDate({ message: ({ property }) => `${property} must be an instant such as 2026-03-02T09:00:00Z` }),
    MinDate(new Date(0), { message: ({ property }) => `${property} must not lie before 1970` }),
    MaxDate(LAST, { message: ({ property }) => `${property} must not lie after the year 9999` }),
  )

/** The one rule for instants that come from outside. Null for what is none, such as the 31st of February. */
export function instantOf(text: string): Date | null {
  return ISO_INSTANT.test(text) && isDay(text.slice(0, 10)) ? new Date(text) : null
}

/** Date takes the 31st of February for the 3rd of March, which PostgreSQL refuses. */
function isDay(text: string): boolean {
  const day = new Date(text)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
