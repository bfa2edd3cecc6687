import { Type } from 'class-transformer'
import { IsInt, Max, Min } from 'class-validator'
import { Optional } from '../http/optional.decorator.js'

export class StatisticsQuery {
  /**
   * Of how many hours until now, 1 to 720.
   * @example 24
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(720)
  hours: number = 24
}
