import { IsBoolean, IsEmail, IsIn, IsString, Length, MaxLength } from 'class-validator'
import { Flag } from '../http/flag.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { Optional } from '../http/optional.decorator.js'
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
  @Optional()
  @IsIn(MEMBER_ROLES)
  role?: MemberRole
}

export class ChangeMemberDto {
  /** @example "Grace Hopper" */
  @Optional()
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name?: string

  /** @example "manager" */
  @Optional()
  @IsIn(MEMBER_ROLES)
  role?: MemberRole

  /**
   * Inactive members keep their history and get no new email.
   * @example false
   */
  @Optional()
  @IsBoolean()
  isActive?: boolean
}

export class MembersQuery extends PageQuery {
  /** Only active or only inactive members. */
  @Optional()
  @Flag()
  active?: boolean
}
