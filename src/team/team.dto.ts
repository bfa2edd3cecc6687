import { IsBoolean, IsEmail, IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator'
import { Flag } from '../http/flag.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { Trimmed } from '../http/trimmed.decorator.js'
import { MEMBER_ROLES, type MemberRole } from './team-member.entity.js'

export class AddMemberDto {
  /** @example "Grace Hopper" */
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name: string

  /** @example "grace@example.com" */
  @Trimmed()
  @IsEmail()
  @MaxLength(254)
  email: string

  /** @example "agent" */
  @IsOptional()
  @IsIn(MEMBER_ROLES)
  role?: MemberRole
}

export class ChangeMemberDto {
  /** @example "Grace Hopper" */
  @IsOptional()
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name?: string

  /** @example "manager" */
  @IsOptional()
  @IsIn(MEMBER_ROLES)
  role?: MemberRole

  /**
   * Inactive members keep their history and get no new email.
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  isActive?: boolean
}

export class MembersQuery extends PageQuery {
  /** Only active or only inactive members. */
  @IsOptional()
  @Flag()
  active?: boolean
}
