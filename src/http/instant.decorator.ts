import { applyDecorators } from '@nestjs/common'
import { Transform } from 'class-transformer'
import { IsDate, MinDate } from 'class-validator'

const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** An ISO 8601 instant with its offset, as a Date; nothing before 1970, which no mail is. */
export const Instant = () =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && ISO_INSTANT.test(value) ? new Date(value) : value,
    ),
    IsDate({ message: ({ property }) => `${property} must be an instant such as 2026-03-02T09:00:00Z` }),
    MinDate(new Date(0), { message: ({ property }) => `${property} must not lie before 1970` }),
  )
