import { Body, Controller, Delete, Get, HttpCode, Patch, Post } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import { ChangeSettingDto, CreateSettingDto } from './sla-settings.dto.js'
import { SlaSettings } from './sla-settings.service.js'
import { SettingPage, SettingView } from './sla-settings.view.js'

@Controller('sla/settings')
export class SlaSettingsController {
  constructor(private readonly settings: SlaSettings) {}

  /** List the policies in the order in which they are tried. */
  @Get()
  async list(@Me() me: Principal): Promise<SettingPage> {
    return { data: await this.settings.list(me.tenantId), nextCursor: null }
  }

  /** Add a policy, first in the order unless `position` says otherwise. Running clocks follow. */
  @Roles('admin', 'manager')
  @Post()
  create(@Me() me: Principal, @Body() body: CreateSettingDto): Promise<SettingView> {
    return this.settings.create(me.tenantId, body)
  }

  /** Read a policy. */
  @Get(':id')
  read(@Me() me: Principal, @IdParam() id: number): Promise<SettingView> {
    return this.settings.read(me.tenantId, id)
  }

  /**
   * Change a policy. Clocks under way are computed anew from their original start, with their pauses; a breach that was
   * recorded stays.
   */
  @Roles('admin', 'manager')
  @Patch(':id')
  @MayAnswer(422)
  change(@Me() me: Principal, @IdParam() id: number, @Body() body: ChangeSettingDto): Promise<SettingView> {
    return this.settings.change(me.tenantId, id, body)
  }

  /** Remove a policy: its mail falls to the next that matches. The default stays. */
  @Roles('admin', 'manager')
  @Delete(':id')
  @HttpCode(204)
  remove(@Me() me: Principal, @IdParam() id: number): Promise<void> {
    return this.settings.remove(me.tenantId, id)
  }
}
