import { Body, Controller, Delete, Get, HttpCode, Patch, Post } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { ChangeSettingDto, CreateSettingDto } from './sla-settings.dto.js'
import { SlaSettings } from './sla-settings.service.js'
import { SettingPage, SettingView } from './sla-settings.view.js'

@Controller('sla/settings')
export class SlaSettingsController {
  constructor(private readonly settings: SlaSettings) {}

  /** List the reply targets by priority and customer tier. */
  @Get()
  async list(@Me() me: Principal): Promise<SettingPage> {
    return { data: await this.settings.list(me.tenantId), nextCursor: null }
  }

  /** Set a reply target for a priority and tier that has none. */
  @Roles('admin', 'manager')
  @Post()
  create(@Me() me: Principal, @Body() body: CreateSettingDto): Promise<SettingView> {
    return this.settings.create(me.tenantId, body)
  }

  /** Read a reply target. */
  @Get(':id')
  read(@Me() me: Principal, @IdParam() id: number): Promise<SettingView> {
    return this.settings.read(me.tenantId, id)
  }

  /** Change a reply target: it holds for mail that arrives from now on. */
  @Roles('admin', 'manager')
  @Patch(':id')
  change(@Me() me: Principal, @IdParam() id: number, @Body() body: ChangeSettingDto): Promise<SettingView> {
    return this.settings.change(me.tenantId, id, body)
  }

  /** Remove a reply target: mail of its priority and tier has no clock. Without any, the defaults return. */
  @Roles('admin', 'manager')
  @Delete(':id')
  @HttpCode(204)
  remove(@Me() me: Principal, @IdParam() id: number): Promise<void> {
    return this.settings.remove(me.tenantId, id)
  }
}
