import { ApiExtraModels, ApiProperty } from '@nestjs/swagger'
import { IsArray, IsNumber, IsObject, IsString } from 'class-validator'
import { Optional } from '../http/optional.decorator.js'
import { ApiHolidays, ApiHours, HolidayDto, HoursDto } from './business-hours.dto.js'

@ApiExtraModels(HoursDto, HolidayDto)
export class PreviewDto {
  /**
   * When the clock starts: an instant, with its offset.
   * @example "2026-12-23T15:30:00+01:00"
   */
  @IsString()
  start: string

  /**
   * An IANA name.
   * @example "Europe/Berlin"
   */
  @IsString()
  timezone: string

  @ApiHours()
  @IsObject()
  calendar: HoursDto

  @ApiHolidays()
  @Optional()
  @IsArray()
  holidays?: (HolidayDto | string)[]

  /**
   * Minutes of open time until the answer is due, above 0 and up to ten years; fractions count.
   * @example 240
   */
  @IsNumber()
  targetMinutes: number

  /**
   * The share of the target that is left when the warning goes out, 1 to 99; 20 if left out.
   * @example 20
   */
  @Optional()
  @IsNumber()
  warningPercent?: number

  /** From and to of the times in which the clock stands still. The last one may have null for its end: paused now. */
  @ApiProperty({
    required: false,
    type: 'array',
    items: { type: 'array', items: { type: ['string', 'null'], format: 'date-time' } as never },
    example: [['2026-12-23T16:00:00+01:00', '2026-12-23T16:30:00+01:00']],
  })
  @Optional()
  @IsArray()
  pauses?: [string, string | null][]
}
