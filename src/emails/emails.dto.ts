import { applyDecorators } from '@nestjs/common'
import { Transform, Type } from 'class-transformer'
import {
  ArrayMaxSize,
  IsArray,
  IsEmail,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator'
import { Flag } from '../http/flag.decorator.js'
import { Instant } from '../http/instant.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { Optional } from '../http/optional.decorator.js'
import { Trimmed } from '../http/trimmed.decorator.js'
import { PRIORITIES, STATUSES, TIERS, type Priority, type Status, type Tier } from './email.entity.js'

/** A Message-ID in angle brackets or without. */
const MessageId = (each = false) =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(bare) : bare(value))),
    IsString({ each }),
    Length(1, 500, { each }),
    Matches(/^[^\s<>]+$/, { each, message: ({ property }) => `${property} must hold ids without spaces` }),
  )

const bare = (value: unknown) => (typeof value === 'string' ? value.trim().replace(/^<|>$/g, '') : value)

export class AddressDto {
  /** @example "customer@example.com" */
  @Trimmed()
  @IsEmail()
  @MaxLength(254)
  address: string

  /** @example "Charles Babbage" */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  name?: string | null
}

export class PostEmailDto {
  @IsObject() // ValidateNested lets an empty list pass
  @ValidateNested()
  @Type(() => AddressDto)
  from: AddressDto

  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => AddressDto)
  to?: AddressDto[]

  /** @example "The engine does not start" */
  @IsString()
  @MaxLength(998)
  subject: string

  /** @example "It stopped after the last update. What can I do?" */
  @IsString()
  @MaxLength(1_000_000)
  text: string

  /** @example "<p>It stopped after the last update.</p>" */
  @Optional()
  @IsString()
  @MaxLength(1_000_000)
  html?: string

  /**
   * The same one twice is one email.
   * @example "20260302.1@example.com"
   */
  @Optional()
  @MessageId()
  messageId?: string

  /** @example "20260301.9@example.com" */
  @Optional()
  @MessageId()
  inReplyTo?: string

  /** @example ["20260301.9@example.com"] */
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @MessageId(true)
  references?: string[]

  /** @example "high" */
  @Optional()
  @IsIn(PRIORITIES)
  priority?: Priority

  /**
   * The tier kept for the sender's address or domain by default.
   * @example "vip"
   */
  @Optional()
  @IsIn(TIERS)
  customerTier?: Tier

  /** @example "billing" */
  @Optional()
  @Trimmed()
  @IsString()
  @Length(1, 100)
  category?: string

  /**
   * When the reply clock starts; the present by default.
   * @example "2026-03-02T09:00:00.000Z"
   */
  @Optional()
  @Instant()
  receivedAt?: Date
}

export class InboundQuery {
  /** Overrides what the mail's own headers say. */
  @Optional()
  @IsIn(PRIORITIES)
  priority?: Priority

  /** The tier kept for the sender's address or domain by default. */
  @Optional()
  @IsIn(TIERS)
  customerTier?: Tier

  @Optional()
  @Trimmed()
  @IsString()
  @Length(1, 100)
  category?: string
}

export class ChangeEmailDto {
  /** @example "high" */
  @Optional()
  @IsIn(PRIORITIES)
  priority?: Priority

  /** @example "enterprise" */
  @Optional()
  @IsIn(TIERS)
  customerTier?: Tier

  /**
   * Null removes it.
   * @example "billing"
   */
  @IsOptional()
  @Trimmed()
  @IsString()
  @Length(1, 100)
  category?: string | null
}

export class AssignDto {
  /** @example 1 */
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  memberId: number
}

export class ReplyDto {
  /** @example "Thank you for writing. Please hold the start button for five seconds." */
  @IsString()
  @Length(1, 1_000_000)
  text: string

  /** @example "<p>Thank you for writing.</p>" */
  @Optional()
  @IsString()
  @MaxLength(1_000_000)
  html?: string
}

export class EmailsQuery extends PageQuery {
  @Optional()
  @IsIn(STATUSES)
  status?: Status

  @Optional()
  @IsIn(PRIORITIES)
  priority?: Priority

  @Optional()
  @IsIn(TIERS)
  customerTier?: Tier

  /** A team member's id, or `none`. */
  @Optional()
  @Matches(/^([1-9]\d{0,14}|none)$/, { message: "assignee must be a team member's id or none" })
  assignee?: string

  /** Only mail whose deadline has passed without an answer, or only the rest. */
  @Optional()
  @Flag()
  overdue?: boolean

  /** Words of the subject, the sender or the text; quotes and minus as in a web search: `invoice -spam`. */
  @Optional()
  @IsString()
  @Length(1, 200)
  q?: string

  /** `received`: newest first. `deadline`: due first, and only mail that has a reply clock. */
  @IsOptional()
  @IsIn(['received', 'deadline'])
  sort: 'received' | 'deadline' = 'received'
}
