import { ApiProperty, getSchemaPath } from '@nestjs/swagger'

const DAY = [
  ['09:00', '12:30'],
  ['13:30', '17:00'],
]
const WEEK = { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: [['09:00', '12:00']] }

const LIST = { type: 'array', items: { type: 'array', items: { type: 'string' } } } as const

const ApiIntervals = (...example: string[][]) => ApiProperty({ required: false, ...LIST, example })

/** Half-open intervals of local time by weekday; a weekday that is left out is closed. */
export class HoursDto {
  @ApiIntervals(...DAY)
  mon?: string[][]
  @ApiIntervals(['09:00', '17:00'])
  tue?: string[][]
  @ApiIntervals(['09:00', '17:00'])
  wed?: string[][]
  @ApiIntervals(['09:00', '17:00'])
  thu?: string[][]
  @ApiIntervals(['18:00', '24:00'])
  fri?: string[][]
  @ApiIntervals(['00:00', '06:00'])
  sat?: string[][]
  @ApiIntervals()
  sun?: string[][]
  /** What a date has instead of its weekday's intervals. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'array', items: { type: 'string' } } },
    example: { '2026-12-24': [['09:00', '12:00']] },
  })
  overrides?: Record<string, string[][]>
  /**
   * Open day and night; the weekdays are left out then.
   * @example true
   */
  always_open?: boolean
}

/** A date without open time. */
export class HolidayDto {
  /** @example "2026-12-25" */
  date: string
  /** @example "Christmas Day" */
  name?: string
}

/** Documents a property that holds weekly hours; what is in them is for `parseCalendar` to judge. */
export const ApiHours = (required = true) => ApiProperty({ required, type: () => HoursDto, example: WEEK })

/** Documents a list of holidays, with or without names. */
export const ApiHolidays = () =>
  ApiProperty({
    required: false,
    type: 'array',
    description: 'Dates without open time, in the time zone of the hours.',
    items: { oneOf: [{ $ref: getSchemaPath(HolidayDto) }, { type: 'string', format: 'date' }] },
    example: [{ date: '2026-12-25', name: 'Christmas Day' }, '2026-12-26'],
  })
