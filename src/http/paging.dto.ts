import { Type } from 'class-transformer'
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator'
import { Optional } from './optional.decorator.js'

export class PageQuery {
  /**
   * How many rows at most, 1 to 100.
   * @example 25
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 25

  /** The `nextCursor` of the page before. */
  @Optional()
  @IsString()
  @MaxLength(500)
  cursor?: string
}
