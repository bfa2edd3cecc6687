import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator'
import { PRIORITIES, TIERS, type Priority, type Tier } from '../emails/email.entity.js'
import { Optional } from '../http/optional.decorator.js'
import { Trimmed } from '../http/trimmed.decorator.js'
import { EVENT_PATTERNS, type EventPattern } from './event-patterns.js'
import {
  FORMATS,
  ORDERINGS,
  SIGNATURE_KEYS,
  type Format,
  type Ordering,
  type SignatureKey,
} from './webhook.entity.js'

/** Only events about such emails; null is any. Events that are about no email always pass. */
export class FilterDto {
  /** @example ["high", "medium", "low"] */
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(PRIORITIES.length)
  @ArrayUnique()
  @IsIn(PRIORITIES, { each: true })
  priorities?: Priority[] | null

  /** @example ["vip", "enterprise", "standard"] */
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(TIERS.length)
  @ArrayUnique()
  @IsIn(TIERS, { each: true })
  customerTiers?: Tier[] | null

  /** @example null */
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  mailboxIds?: number[] | null
}

export class ChangeWebhookDto {
  /**
   * Where deliveries go. Private addresses are refused unless the operator allows them.
   * @example "https://example.com/hooks/punctual"
   */
  @Optional()
  @Trimmed()
  @IsString()
  @MaxLength(2_000)
  url?: string

  /**
   * Names of events, `email.*` for a group, `*` for all.
   * @example ["email.received"]
   */
  @Optional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(EVENT_PATTERNS.length)
  @ArrayUnique()
  @IsIn(EVENT_PATTERNS, { each: true })
  events?: EventPattern[]

  /**
   * Sent with every delivery. Their values are not shown again.
   * @example { "X-Team": "support" }
   */
  @Optional()
  @IsObject()
  headers?: Record<string, string>

  /**
   * slack: the body is a message for an incoming webhook of Slack.
   * @example "json"
   */
  @Optional()
  @IsIn(FORMATS)
  format?: Format

  /**
   * email: the events of one email are delivered strictly one after another; those of others do not wait for them.
   * @example "none"
   */
  @Optional()
  @IsIn(ORDERINGS)
  ordering?: Ordering

  /**
   * What `X-Webhook-Signature` is keyed with. decoded: the base64 after `whsec_`, as bytes, as for `webhook-signature`. raw: the
   * secret as it is shown, for receivers that compute `createHmac('sha256', secret)`.
   * @example "decoded"
   */
  @Optional()
  @IsIn(SIGNATURE_KEYS)
  signatureKey?: SignatureKey

  /**
   * Null: everything.
   * @example { "priorities": ["high", "medium", "low"], "customerTiers": null, "mailboxIds": null }
   */
  @IsOptional()
  @IsObject() // of a list, each item would be taken for one
  @ValidateNested()
  @Type(() => FilterDto)
  filter?: FilterDto | null

  /**
   * Deliveries a second, at most; null: as many as there are. Slack takes one, which is what it gets unless told
   * otherwise.
   * @example 1000
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  rateLimit?: number | null

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

/** `url` and `events`, or as Zapier's REST hooks say it, `target_url` and `event`. */
export class SubscribeDto extends ChangeWebhookDto {
  /**
   * The same as `url`.
   * @example "https://example.com/hooks/punctual"
   */
  @Optional()
  @Trimmed()
  @IsString()
  @MaxLength(2_000)
  target_url?: string

  /**
   * The same as `events` with only this one.
   * @example "email.received"
   */
  @Optional()
  @IsIn(EVENT_PATTERNS)
  event?: EventPattern
}
