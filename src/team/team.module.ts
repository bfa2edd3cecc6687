import { Module } from '@nestjs/common'
import { TeamController } from './team.controller.js'
import { Team } from './team.service.js'

@Module({ controllers: [TeamController], providers: [Team], exports: [Team] })
export class TeamModule {}
