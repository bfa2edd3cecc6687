import { Module } from '@nestjs/common'
import { AlertsController } from './alerts.controller.js'
import { AlertsListener } from './alerts.listener.js'
import { Alerts } from './alerts.service.js'

@Module({ controllers: [AlertsController], providers: [Alerts, AlertsListener], exports: [Alerts] })
export class AlertsModule {}
