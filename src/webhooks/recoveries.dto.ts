import { ArrayMaxSize, ArrayNotEmpty, ArrayUnique, IsArray, IsBoolean, IsIn } from 'class-validator'
import { Instant } from '../http/instant.decorator.js'
import { Optional } from '../http/optional.decorator.js'
import { EVENT_PATTERNS, type EventPattern } from './event-patterns.js'

export const RECOVERABLE = ['failed', 'missed', 'all'] as const
export type Recoverable = (typeof RECOVERABLE)[number]

export class RecoverDto {
  /**
   * Events that happened at this instant or later. As far back as logs go if left out, and no further.
   * @example "2026-03-02T08:00:00Z"
   */
  @Optional()
  @Instant()
  since?: Date

  /**
   * Events that happened before this instant; until now if left out.
   * @example "2026-03-02T10:00:00Z"
   */
  @Optional()
  @Instant()
  until?: Date

  /**
   * Only of these, in names and patterns; all if left out.
   * @example ["email.*"]
   */
  @Optional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(EVENT_PATTERNS.length)
  @ArrayUnique()
  @IsIn(EVENT_PATTERNS, { each: true })
  events?: EventPattern[]

  /**
   * failed, if left out: deliveries that failed. missed: events that the webhook would be told of now and never was, of
   * before it was subscribed or while it was inactive for long. all: both.
   * @example "failed"
   */
  @Optional()
  @IsIn(RECOVERABLE)
  status?: Recoverable

  /**
   * Answer how much it would be, and do nothing.
   * @example false
   */
  @Optional()
  @IsBoolean()
  dryRun?: boolean
}
