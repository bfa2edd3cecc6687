import { IsBoolean, IsIn, IsInt, IsNumber, Max, Min } from 'class-validator'
import { PRIORITIES, TIERS, type Priority, type Tier } from '../emails/email.entity.js'
import { Optional } from '../http/optional.decorator.js'

const ONE_SECOND = 1 / 60
const TEN_YEARS = 10 * 366 * 24 * 60

export class CreateSettingDto {
  /** @example "high" */
  @IsIn(PRIORITIES)
  priority: Priority

  /** @example "vip" */
  @IsIn(TIERS)
  customerTier: Tier

  /**
   * Minutes until the answer is due; fractions count, down to a second.
   * @example 60
   */
  @IsNumber()
  @Min(ONE_SECOND - 1e-9)
  @Max(TEN_YEARS)
  targetMinutes: number

  /**
   * The share of the target that is left when the warning goes out.
   * @example 20
   */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(99)
  warningPercent?: number

  /**
   * Without an active setting, mail of this priority and tier has no clock.
   * @example true
   */
  @Optional()
  @IsBoolean()
  isActive?: boolean
}

export class ChangeSettingDto {
  /** @example 90 */
  @Optional()
  @IsNumber()
  @Min(ONE_SECOND - 1e-9)
  @Max(TEN_YEARS)
  targetMinutes?: number

  /** @example 25 */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(99)
  warningPercent?: number

  /** @example true */
  @Optional()
  @IsBoolean()
  isActive?: boolean
}
