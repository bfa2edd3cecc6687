import { ApiExtraModels } from '@nestjs/swagger'
import { IsArray, IsObject, IsString, Length } from 'class-validator'
import { LocalDate } from '../http/local-date.decorator.js'
import { Optional } from '../http/optional.decorator.js'
import { Trimmed } from '../http/trimmed.decorator.js'
import { ApiHolidays, ApiHours, HolidayDto, HoursDto } from './business-hours.dto.js'

@ApiExtraModels(HoursDto, HolidayDto)
export class CreateCalendarDto {
  /** @example "Support, Berlin" */
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name: string

  /**
   * An IANA name.
   * @example "Europe/Berlin"
   */
  @IsString()
  timezone: string

  @ApiHours()
  @IsObject()
  hours: HoursDto

  @ApiHolidays()
  @Optional()
  @IsArray()
  holidays?: (HolidayDto | string)[]
}

export class ChangeCalendarDto {
  /** @example "Support, weekdays" */
  @Optional()
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name?: string

  /** @example "Europe/Berlin" */
  @Optional()
  @IsString()
  timezone?: string

  @ApiHours(false)
  @Optional()
  @IsObject()
  hours?: HoursDto

  @ApiHolidays()
  @Optional()
  @IsArray()
  holidays?: (HolidayDto | string)[]
}

export class OpenHoursQuery {
  /**
   * The first day; today if left out.
   * @example "2026-12-01"
   */
  @Optional()
  @LocalDate()
  from?: string

  /**
   * The last day; 14 days in all if left out, 366 at most.
   * @example "2026-12-31"
   */
  @Optional()
  @LocalDate()
  to?: string
}
