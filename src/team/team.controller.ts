import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { AddMemberDto, ChangeMemberDto, MembersQuery } from './team.dto.js'
import { Team } from './team.service.js'
import { MemberPage, MemberView } from './team.view.js'

@Controller('team/members')
export class TeamController {
  constructor(private readonly team: Team) {}

  /** Add a member to the team. */
  @Roles('admin', 'manager')
  @Post()
  add(@Me() me: Principal, @Body() body: AddMemberDto): Promise<MemberView> {
    return this.team.add(me.tenantId, body)
  }

  /** List the team's members, newest first. */
  @Get()
  list(@Me() me: Principal, @Query() query: MembersQuery): Promise<MemberPage> {
    return this.team.list(me.tenantId, query)
  }

  /** Read a member. */
  @Get(':id')
  read(@Me() me: Principal, @IdParam() id: number): Promise<MemberView> {
    return this.team.read(me.tenantId, id)
  }

  /** Change a member's name or role, or (de)activate them. */
  @Roles('admin', 'manager')
  @Patch(':id')
  change(@Me() me: Principal, @IdParam() id: number, @Body() body: ChangeMemberDto): Promise<MemberView> {
    return this.team.change(me.tenantId, id, body)
  }
}
