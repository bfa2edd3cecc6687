import { Transform, Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator'
import { EVENT_NAMES, type EventName } from '../events/catalogue.js'
import { Optional } from '../http/optional.decorator.js'

export class StreamQuery {
  /**
   * A `nextCursor` or the `id` of a message of the stream, to go on after it; `earliest` or `latest`. A list begins with
   * the earliest event by default, a stream after the latest.
   * @example "earliest"
   */
  @Optional()
  @IsString()
  @MaxLength(500)
  after?: string

  /**
   * Only these events; may be repeated.
   * @example ["email.received"]
   */
  @Optional()
  @Transform(({ value }: { value: unknown }) => [value].flat())
  @IsArray()
  @ArrayMaxSize(EVENT_NAMES.length)
  @ArrayUnique()
  @IsIn(EVENT_NAMES, { each: true })
  event?: EventName[]
}

export class FollowQuery extends StreamQuery {
  /** Of `POST /api/events/stream/ticket`, instead of an access token: for EventSource, which sends no headers. */
  @Optional()
  @IsString()
  @MaxLength(100)
  ticket?: string
}

export class EventsQuery extends StreamQuery {
  /**
   * How many events at most, 1 to 100.
   * @example 25
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 25
}
