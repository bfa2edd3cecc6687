import { Type } from 'class-transformer'
import { ArrayMaxSize, IsArray, IsIn, IsObject, IsString, Length, ValidateNested } from 'class-validator'
import { Optional } from '../http/optional.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { Trimmed } from '../http/trimmed.decorator.js'
import { TIERS, type Tier } from './email.entity.js'

export class CustomerTierDto {
  /**
   * An address such as `ceo@example.com`, or a domain, which stands for its subdomains too: `example.com`.
   * @example "example.com"
   */
  @Trimmed()
  @IsString()
  @Length(1, 320)
  matches: string

  /** @example "vip" */
  @IsIn(TIERS)
  tier: Tier
}

export class ChangeCustomerTierDto {
  /** @example "example.com" */
  @Optional()
  @Trimmed()
  @IsString()
  @Length(1, 320)
  matches?: string

  /** @example "enterprise" */
  @Optional()
  @IsIn(TIERS)
  tier?: Tier
}

export class KeepTiersDto {
  /** At most 1,000. */
  @IsArray()
  @ArrayMaxSize(1_000)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => CustomerTierDto)
  entries: CustomerTierDto[]
}

export class CustomerTiersQuery extends PageQuery {
  @Optional()
  @IsIn(TIERS)
  tier?: Tier

  /** A part of the address or domain, such as its beginning. */
  @Optional()
  @Trimmed()
  @IsString()
  @Length(1, 200)
  q?: string
}
