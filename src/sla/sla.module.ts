import { Module } from '@nestjs/common'
import { ClockEvents } from './clock-events.js'
import { ClocksListener } from './clocks.listener.js'
import { Clocks } from './clocks.service.js'
import { SlaMonitor } from './sla.monitor.js'
import { SlaSettingsController } from './sla-settings.controller.js'
import { SlaSettings } from './sla-settings.service.js'

@Module({
  controllers: [SlaSettingsController],
  providers: [SlaSettings, Clocks, ClockEvents, ClocksListener, SlaMonitor],
})
export class SlaModule {}
