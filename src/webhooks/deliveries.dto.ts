import { Type } from 'class-transformer'
import { IsIn, IsInt, Max, Min } from 'class-validator'
import { EVENT_NAMES, type EventName } from '../events/catalogue.js'
import { Instant } from '../http/instant.decorator.js'
import { Optional } from '../http/optional.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { ATTEMPT_ERRORS, type AttemptError } from './attempt-error.js'
import type { DeliveryStatus } from './webhook-log.entity.js'

export class LogsQuery extends PageQuery {
  @Optional()
  @IsIn(['pending', 'success', 'failed'])
  status?: DeliveryStatus

  @Optional()
  @IsIn(EVENT_NAMES)
  event?: EventName

  /**
   * Only deliveries that were created at this instant or later.
   * @example "2026-03-02T08:00:00Z"
   */
  @Optional()
  @Instant()
  since?: Date

  /**
   * Only deliveries that were created before this instant.
   * @example "2026-03-03T08:00:00Z"
   */
  @Optional()
  @Instant()
  until?: Date

  /**
   * What the last attempt was answered with.
   * @example 503
   */
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(999)
  statusCode?: number

  /**
   * How the last attempt failed, such as `timed_out`.
   * @example "timed_out"
   */
  @Optional()
  @IsIn(ATTEMPT_ERRORS)
  error?: AttemptError
}

export class TestDto {
  /** @example "email.received" */
  @IsIn(EVENT_NAMES)
  event: EventName
}
