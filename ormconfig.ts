import 'reflect-metadata'
import { types } from 'pg'
import { DataSource, type DataSourceOptions } from 'typeorm'
import { FirstStory1764000000000 } from './migrations/1764000000000-first-story.js'
import { SlaEngine1764100000000 } from './migrations/1764100000000-sla-engine.js'
import { ConversationIndex1764200000000 } from './migrations/1764200000000-conversation-index.js'
import { EventStream1764300000000 } from './migrations/1764300000000-event-stream.js'
import { WebhookDelivery1764400000000 } from './migrations/1764400000000-webhook-delivery.js'
import { WebhookManagement1764500000000 } from './migrations/1764500000000-webhook-management.js'
import { NarrowDeliveries1764600000000 } from './migrations/1764600000000-narrow-deliveries.js'
import { ParkedBefore1764700000000 } from './migrations/1764700000000-parked-before.js'
import { EventsByNumber1764800000000 } from './migrations/1764800000000-events-by-number.js'
import { RateLimits1765100000000 } from './migrations/1765100000000-rate-limits.js'
import { WebhookHolds1765300000000 } from './migrations/1765300000000-webhook-holds.js'
import { WebhookSiftings1765310000000 } from './migrations/1765310000000-webhook-siftings.js'
import { StreamTickets1765400000000 } from './migrations/1765400000000-stream-tickets.js'
import { IdempotencyAnswers1765500000000 } from './migrations/1765500000000-idempotency-answers.js'
import { KeyCanary1765510000000 } from './migrations/1765510000000-key-canary.js'
import { CustomerTierCounts1765520000000 } from './migrations/1765520000000-customer-tier-counts.js'
import { Alert } from './src/alerts/alert.entity.js'
import { PerformanceGoal } from './src/analytics/performance-goal.entity.js'
import { ResponseMetric } from './src/analytics/response-metric.entity.js'
import { TimeBand } from './src/analytics/time-band.entity.js'
import { Account } from './src/auth/account.entity.js'
import { Session } from './src/auth/session.entity.js'
import { User } from './src/auth/user.entity.js'
import { Verification } from './src/auth/verification.entity.js'
import { CONNECTED_WITH } from './src/database/session-settings.js'
import { StatementClient } from './src/database/statement-client.js'
import { SnakeNaming } from './src/database/naming.js'
import { Attachment } from './src/emails/attachment.entity.js'
import { CustomerTier } from './src/emails/customer-tier.entity.js'
import { EmailChange } from './src/emails/email-change.entity.js'
import { Email } from './src/emails/email.entity.js'
import { ReplyTemplate } from './src/emails/reply-template.entity.js'
import { Reply } from './src/emails/reply.entity.js'
import { StoredEvent } from './src/events/event.entity.js'
import { IdempotencyAnswer } from './src/http/idempotency-answer.entity.js'
import { EmailProvider } from './src/mailboxes/email-provider.entity.js'
import { EmailSyncLog } from './src/mailboxes/email-sync-log.entity.js'
import { SlaCalendarVersion } from './src/calendars/calendar-version.entity.js'
import { SlaCalendar } from './src/calendars/calendar.entity.js'
import { SlaClockEntry } from './src/sla/sla-clock-history.entity.js'
import { SlaClock } from './src/sla/sla-clock.entity.js'
import { SlaEscalation } from './src/sla/sla-escalation.entity.js'
import { SlaRevision } from './src/calendars/revision.entity.js'
import { SlaSettingVersion } from './src/sla/sla-setting-version.entity.js'
import { SlaSetting } from './src/sla/sla-setting.entity.js'
import { TeamMember } from './src/team/team-member.entity.js'
import { WebhookAttempt } from './src/webhooks/webhook-attempt.entity.js'
import { WebhookLog } from './src/webhooks/webhook-log.entity.js'
import { Webhook } from './src/webhooks/webhook.entity.js'

// Identity columns are bigint, which pg gives as text, also in lists of them; they stay far below 2^53.
const INT8_ARRAY = 1016 as never // pg has no name for it
types.setTypeParser(types.builtins.INT8, Number)
const textsOf = types.getTypeParser(INT8_ARRAY)
types.setTypeParser(INT8_ARRAY, (text) => (textsOf(text) as string[]).map(Number))

/** Lists, not globs: globs load nothing under the test runner. */
const people = [User, Account, Session, Verification, IdempotencyAnswer, TeamMember]
const mail = [EmailProvider, EmailSyncLog, CustomerTier, Email, Attachment, Reply, ReplyTemplate, EmailChange]
const policies = [SlaCalendar, SlaCalendarVersion, SlaSetting, SlaSettingVersion, SlaRevision]
const time = [...policies, SlaClock, SlaClockEntry, SlaEscalation, ResponseMetric, PerformanceGoal, TimeBand]
const entities = [...people, ...mail, StoredEvent, ...time, Alert, Webhook, WebhookLog, WebhookAttempt]

/** @param isPooled a pooler in transaction mode stands between us and PostgreSQL */
export const dataSourceOptions = (url: string, poolSize = 5, isPooled = false): DataSourceOptions => ({
  type: 'postgres',
  url,
  poolSize,
  entities,
  migrations: [
    FirstStory1764000000000,
    SlaEngine1764100000000,
    ConversationIndex1764200000000,
    EventStream1764300000000,
    WebhookDelivery1764400000000,
    WebhookManagement1764500000000,
    NarrowDeliveries1764600000000,
    ParkedBefore1764700000000,
    EventsByNumber1764800000000,
    RateLimits1765100000000,
    WebhookHolds1765300000000,
    WebhookSiftings1765310000000,
    StreamTickets1765400000000,
    IdempotencyAnswers1765500000000,
    KeyCanary1765510000000,
    CustomerTierCounts1765520000000,
  ],
  migrationsTableName: 'migrations',
  namingStrategy: new SnakeNaming(),
  synchronize: false,
  applicationName: 'punctual',
  extra: {
    Client: StatementClient,
    isPooled,
    ...(isPooled ? {} : CONNECTED_WITH),
    connectionTimeoutMillis: 10_000,
    // A connection whose other end vanished without a word would otherwise be waited for until TCP gives up.
    query_timeout: 35_000,
    keepAlive: true,
  },
})

/** For the TypeORM command line: `npx typeorm -d dist/ormconfig.js …` */
export default new DataSource(dataSourceOptions(process.env.DATABASE_URL ?? 'postgres://localhost/punctual'))
