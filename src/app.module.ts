import { Module } from '@nestjs/common'
import { dataSourceOptions } from '../ormconfig.js'
import { AlertsModule } from './alerts/alerts.module.js'
import { AnalyticsModule } from './analytics/analytics.module.js'
import { AuthModule } from './auth/auth.module.js'
import { CalendarsModule } from './calendars/calendars.module.js'
import { ConfigModule } from './config/config.module.js'
import { DatabaseModule } from './database/database.module.js'
import { EgressModule } from './egress/egress.module.js'
import { EmailsModule } from './emails/emails.module.js'
import { EventsModule } from './events/events.module.js'
import { HealthModule } from './health/health.module.js'
import { HttpModule } from './http/http.module.js'
import { SlaModule } from './sla/sla.module.js'
import { StreamModule } from './stream/stream.module.js'
import { TeamModule } from './team/team.module.js'
import { WebhooksModule } from './webhooks/webhooks.module.js'

/** The table of contents. A module knows those above it, and reaches those below it only by publishing an event. */
@Module({
  imports: [
    ConfigModule,
    DatabaseModule.forRoot(dataSourceOptions),
    HttpModule,
    EgressModule,
    EventsModule,
    AuthModule,
    TeamModule,
    EmailsModule,
    CalendarsModule,
    SlaModule,
    AlertsModule,
    AnalyticsModule,
    StreamModule,
    WebhooksModule,
    HealthModule,
  ],
})
export class AppModule {}
