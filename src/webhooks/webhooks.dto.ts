import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator'
import { EVENT_NAMES, type EventName } from '../events/catalogue.js'
import { PageQuery } from '../http/paging.dto.js'
import { Optional } from '../http/optional.decorator.js'
import { Trimmed } from '../http/trimmed.decorator.js'
import type { DeliveryStatus } from './webhook-log.entity.js'

export class SubscribeDto {
  /**
   * Where deliveries go. Private addresses are refused unless the operator allows them.
   * @example "https://example.com/hooks/punctual"
   */
  @Trimmed()
  @IsString()
  @MaxLength(2_000)
  url: string

  /** @example ["email.received", "sla.breached"] */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(EVENT_NAMES, { each: true })
  events: EventName[]

  /**
   * Sent with every delivery. Their values are not shown again.
   * @example { "X-Team": "support" }
   */
  @Optional()
  @IsObject()
  headers?: Record<string, string>

  /**
   * Retries after a failed attempt, 2, 4, 8 … seconds later.
   * @example 3
   */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(20)
  retryCount?: number
}

export class LogsQuery extends PageQuery {
  @Optional()
  @IsIn(['pending', 'success', 'failed'])
  status?: DeliveryStatus

  @Optional()
  @IsIn(EVENT_NAMES)
  event?: EventName
}
