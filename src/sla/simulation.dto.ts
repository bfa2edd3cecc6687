import { IntersectionType, PartialType, PickType } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import { IsInt, IsObject, Max, Min, ValidateNested } from 'class-validator'
import { ChangeCalendarDto } from '../calendars/calendars.dto.js'
import { ChangeSettingDto, CreateSettingDto } from './sla-settings.dto.js'

/** What is left out stays. */
class OtherHoursDto extends PickType(ChangeCalendarDto, ['timezone', 'hours', 'holidays']) {}

export class SimulatePolicyChangeDto {
  /**
   * The policy that would change.
   * @example 1
   */
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  settingId: number

  @IsObject() // ValidateNested lets an empty list pass
  @ValidateNested()
  @Type(() => ChangeSettingDto)
  changes: ChangeSettingDto
}

export class SimulatePolicyDto {
  @IsObject()
  @ValidateNested()
  @Type(() => CreateSettingDto)
  setting: CreateSettingDto
}

export class SimulateRemovalDto {
  /**
   * The policy that would be removed.
   * @example 2
   */
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  remove: number
}

export class SimulateCalendarDto {
  /**
   * The calendar that would change.
   * @example 1
   */
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  calendarId: number

  @IsObject()
  @ValidateNested()
  @Type(() => OtherHoursDto)
  calendar: OtherHoursDto
}

/** One of the four, in the contract; all of their properties, for the validation. */
export const SIMULATIONS = [
  SimulatePolicyChangeDto,
  SimulatePolicyDto,
  SimulateRemovalDto,
  SimulateCalendarDto,
] as const

const unlessNull = { skipNullProperties: false }

export class SimulateDto extends IntersectionType(
  PartialType(SimulatePolicyChangeDto, unlessNull),
  PartialType(SimulatePolicyDto, unlessNull),
  PartialType(SimulateRemovalDto, unlessNull),
  PartialType(SimulateCalendarDto, unlessNull),
) {}
