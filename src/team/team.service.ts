import { Injectable } from '@nestjs/common'
import { LessThan } from 'typeorm'
import { lowerCase } from '../database/lower-case.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Events } from '../events/events.publisher.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import { conflict, notFound } from '../http/problem.js'
import { refuseMoreThan } from '../http/tenant-limit.js'
import { TeamMember } from './team-member.entity.js'
import type { AddMemberDto, ChangeMemberDto, MembersQuery } from './team.dto.js'
import type { MemberView } from './team.view.js'

const MOST = { table: 'team_members', name: 'members', most: 1_000 }

@Injectable()
export class Team {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: Events,
  ) {}

  /** @throws Problem 409 when the tenant has a member with this address, or too many */
  add(tenantId: string, input: AddMemberDto): Promise<MemberView> {
    return this.work.run(async (tx) => {
      const email = lowerCase(input.email)
      const [known] = await tx.query(
        `select from team_members where user_id = $1 and lower(email) = lower($2)`,
        [tenantId, email],
      )
      if (known) throw conflict('member_exists', 'The team has a member with this address')
      const draft = tx.manager.create(TeamMember, { role: 'agent', ...input, email, userId: tenantId })
      const member = viewOf(await tx.manager.save(draft))
      await refuseMoreThan(tx, tenantId, MOST)
      const { id, name, role } = member
      await this.events.publish(tx, 'team.member.added', {
        tenantId,
        data: { member: { id, name, email, role } },
      })
      return member
    })
  }

  list(tenantId: string, { limit, cursor, active }: MembersQuery): Promise<Page<MemberView>> {
    return this.work.run(async (tx) => {
      const before = idCursor(cursor)
      const members = await tx.manager.find(TeamMember, {
        where: {
          userId: tenantId,
          ...(before && { id: LessThan(before) }),
          ...(active !== undefined && { isActive: active }),
        },
        order: { id: 'DESC' },
        take: limit + 1,
      })
      return toPage(members.map(viewOf), limit, ({ id }) => [id])
    })
  }

  read(tenantId: string, id: number): Promise<MemberView> {
    return this.work.run(async (tx) => {
      const member = await tx.manager.findOneBy(TeamMember, { id, userId: tenantId })
      if (!member) throw notFound('team member')
      return viewOf(member)
    })
  }

  change(tenantId: string, id: number, changes: ChangeMemberDto): Promise<MemberView> {
    return this.work.run(async (tx) => {
      const member = await tx.manager.findOneBy(TeamMember, { id, userId: tenantId })
      if (!member) throw notFound('team member')
      return viewOf(await tx.manager.save(Object.assign(member, changes)))
    })
  }
}

function viewOf({ userId: _tenant, ...member }: TeamMember): MemberView {
  return member
}
