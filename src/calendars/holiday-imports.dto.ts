import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator'
import { Flag } from '../http/flag.decorator.js'
import { Optional } from '../http/optional.decorator.js'
import { HOLIDAY_TYPES, type HolidayType } from './holiday-sources.js'

export class ImportQuery {
  /** Answer what would be added, and add nothing. */
  @Optional()
  @Flag()
  dryRun?: boolean
}

export class CountryHolidaysDto {
  /**
   * ISO 3166-1, two letters.
   * @example "DE"
   */
  @IsString()
  @Matches(/^[A-Za-z]{2}$/, { message: 'country must be a code of two letters' })
  country: string

  /**
   * The second half of the code in ISO 3166-2; `BY-A` for a part of it that has its own holidays.
   * @example "BY"
   */
  @Optional()
  @IsString()
  @MaxLength(20)
  region?: string

  /**
   * This year and the next two if left out.
   * @example [2026, 2027]
   */
  @Optional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @IsInt({ each: true })
  @Min(1970, { each: true })
  @Max(2099, { each: true })
  years?: number[]

  /**
   * Only public holidays if left out.
   * @example ["public"]
   */
  @Optional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(HOLIDAY_TYPES.length)
  @IsIn(HOLIDAY_TYPES, { each: true })
  types?: HolidayType[]

  /**
   * Answer what would be added, and add nothing.
   * @example false
   */
  @Optional()
  @IsBoolean()
  dryRun?: boolean
}
