import { applyDecorators } from '@nestjs/common'
import { IsISO8601, Matches } from 'class-validator'

/** A day of the calendar, `YYYY-MM-DD`, that exists. */
export const LocalDate = () => {
  const message = ({ property }: { property: string }) => `${property} must be a date such as 2026-03-02`
  return applyDecorators(
    Matches(/^[12]\d{3}-\d\d-\d\d$/, { message }),
    IsISO8601({ strict: true }, { message }),
  )
}
