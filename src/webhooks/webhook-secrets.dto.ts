import { IsBoolean, IsInt, Max, Min } from 'class-validator'
import { OptionalBody } from '../http/optional-body.decorator.js'
import { Optional } from '../http/optional.decorator.js'

@OptionalBody()
export class RotateDto {
  /**
   * For how long the present secret signs as well, so that receivers can change over: 0 to 168, and 24 if left out.
   * @example 24
   */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(168)
  overlapHours?: number

  /**
   * Ends the secrets before the present one at once, whatever they were promised: one of them has leaked.
   * @example false
   */
  @Optional()
  @IsBoolean()
  endFormer?: boolean
}
