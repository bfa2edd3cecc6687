import { ApiPropertyOptional, IntersectionType, PartialType } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import { IsArray, IsInt, IsObject, IsString, Max, Min, ValidateNested } from 'class-validator'
import { Optional } from '../http/optional.decorator.js'
import { ChangeSettingDto, CreateSettingDto } from './sla-settings.dto.js'

/** Another calendar instead of the one it is; what is left out stays. */
class OtherHoursDto {
  /** @example "Europe/Berlin" */
  @Optional()
  @IsString()
  timezone?: string

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'Weekly hours as those of a calendar.',
    example: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] },
  })
  @Optional()
  @IsObject()
  hours?: Record<string, unknown>

  @ApiPropertyOptional({
    type: 'array',
    items: {},
    description: 'Dates without open time, as those of a calendar.',
    example: ['2026-12-25', { date: '2026-12-26', name: 'Boxing Day' }],
  })
  @Optional()
  @IsArray()
  holidays?: unknown[]
}

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
   * @example 1
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
