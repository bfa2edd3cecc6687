import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator'
import { PRIORITIES, TIERS, type Priority, type Tier } from '../emails/email.entity.js'
import { Optional } from '../http/optional.decorator.js'
import { Trimmed } from '../http/trimmed.decorator.js'
import { ESCALATIONS, type Escalation } from './sla-setting.entity.js'

/** Of a policy everything but its name: conditions and targets may be null, and then there are none. */
class PolicyDto {
  /**
   * Only mail of these priorities; null: of any.
   * @example ["high"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @ArrayUnique()
  @IsIn(PRIORITIES, { each: true })
  priorities?: Priority[] | null

  /**
   * Only mail from customers of these tiers; null: of any.
   * @example ["vip", "enterprise"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @ArrayUnique()
  @IsIn(TIERS, { each: true })
  customerTiers?: Tier[] | null

  /**
   * Only mail that came through these mailboxes; null: through any, or posted.
   * @example null
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  mailboxIds?: number[] | null

  /**
   * Only mail of these categories, in whatever case; null: of any or none.
   * @example ["billing"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  categories?: string[] | null

  /**
   * Only mail from these domains and their subdomains; null: from any.
   * @example ["example.com"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(200)
  @IsString({ each: true })
  @Length(1, 254, { each: true })
  senderDomains?: string[] | null

  /**
   * Open minutes until the first answer to a conversation is due; fractions count, down to a second. Null: no such clock.
   * @example 60
   */
  @IsOptional()
  @IsNumber()
  firstReplyMinutes?: number | null

  /**
   * Open minutes until each further message is answered, from the oldest that is not.
   * @example 120
   */
  @IsOptional()
  @IsNumber()
  nextReplyMinutes?: number | null

  /**
   * Open minutes until the conversation is resolved (time to close).
   * @example 2880
   */
  @IsOptional()
  @IsNumber()
  resolutionMinutes?: number | null

  /**
   * The business hours in which time counts; null: always open.
   * @example null
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  calendarId?: number | null

  /**
   * The share of the target that is left when the warning goes out, 1 to 99.
   * @example 20
   */
  @Optional()
  @IsNumber()
  warningPercent?: number

  /**
   * What a warning does: `notify` raises an alert, `raise_priority` by one step, `reassign` gives the email to the active
   * manager with the fewest open ones.
   * @example ["notify"]
   */
  @Optional()
  @IsArray()
  @ArrayMaxSize(ESCALATIONS.length)
  @ArrayUnique()
  @IsIn(ESCALATIONS, { each: true })
  onWarning?: Escalation[]

  /** @example ["notify", "reassign"] */
  @Optional()
  @IsArray()
  @ArrayMaxSize(ESCALATIONS.length)
  @ArrayUnique()
  @IsIn(ESCALATIONS, { each: true })
  onBreach?: Escalation[]

  /**
   * An inactive policy takes no mail: the next one that matches does.
   * @example true
   */
  @Optional()
  @IsBoolean()
  isActive?: boolean

  /**
   * Its place in the order, from 1; the others move. The default stays last.
   * @example 1
   */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  position?: number
}

export class CreateSettingDto extends PolicyDto {
  /** @example "VIP billing" */
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name: string
}

export class ChangeSettingDto extends PolicyDto {
  /** @example "VIP billing" */
  @Optional()
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name?: string
}
