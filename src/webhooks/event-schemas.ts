import { KINDS, PRIORITIES, STATUSES, TIERS } from '../emails/email.entity.js'
import type {
  ClockFacts,
  EmailFacts,
  EventCatalogue,
  EventName,
  MemberFacts,
  PerformanceFigures,
} from '../events/catalogue.js'
import { METRICS } from '../sla/clock-life.js'
import { ESCALATIONS } from '../sla/sla-setting.entity.js'
import { MEMBER_ROLES } from '../team/team-member.entity.js'
import type { EventBody } from '../stream/event-body.js'
import {
  constant,
  count,
  flag,
  instant,
  list,
  nullable,
  number,
  object,
  oneOf,
  ordinal,
  text,
  type Schema,
} from './json-schema.js'

/** The sentences of the catalogue's comments, which a test compares. */
export const EVENT_DESCRIPTIONS: Record<EventName, string> = {
  'email.received':
    'Raised when a message has been taken into the mailbox, whatever it is; once per Message-ID.',
  'email.replied': 'Raised when an answer has been stored, before it is sent: this stops the reply clock.',
  'email.assigned': 'Raised when an email has been given to a team member, or to another one.',
  'email.resolved': 'Raised when an email needs no further work.',
  'sla.warning':
    'Raised when 20 % of the time to reply or to resolve remains (or what the policy says), once per clock.',
  'sla.breached': 'Raised when the time to reply or to resolve is over, once per clock.',
  'alert.created': "Raised when something needs a person's attention.",
  'team.member.added': 'Raised when a person has joined the team.',
  'team.performance.updated':
    "Raised when a first answer has changed the day's figures of the team, and of the member who had the email.",
}

/** JSON Schema (2020-12) of a delivery's whole body. It stands alone: nothing is referred to. */
export const eventSchema = <Name extends EventName>(name: Name): Schema<EventBody<Name>> =>
  object<EventBody<Name>>(
    {
      id: text({ format: 'uuid', description: 'The same on every attempt, and in the header webhook-id.' }),
      event: constant(name),
      timestamp: instant({ description: 'When it happened.' }),
      sequence: nullable(ordinal(), {
        description: 'Counts the events about one email from 1; null for what is about no email.',
      }),
      data: DATA[name],
    },
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: name,
      description: EVENT_DESCRIPTIONS[name],
    },
  )

const email = object<EmailFacts>({
  id: ordinal(),
  threadId: text({ format: 'uuid', description: 'The conversation that it belongs to.' }),
  messageId: text({ description: 'Message-ID without its angle brackets.' }),
  subject: text({ description: 'May be empty.' }),
  from: object<EmailFacts['from']>({ address: text(), name: nullable(text()) }),
  kind: oneOf(KINDS, { description: "Only people's mail awaits an answer." }),
  priority: oneOf(PRIORITIES),
  customerTier: oneOf(TIERS),
  category: nullable(text()),
  status: oneOf(STATUSES),
  assigneeId: nullable(ordinal(), { description: 'The team member who has it.' }),
  mailboxId: nullable(ordinal(), { description: 'Null for what was posted.' }),
  receivedAt: instant(),
})

const policy = object<NonNullable<ClockFacts['policy']>>({
  id: nullable(ordinal(), { description: 'Null once the policy is gone.' }),
  name: text(),
  version: ordinal(),
})

const sla = object<ClockFacts>({
  clockId: ordinal(),
  metric: oneOf(METRICS, { description: 'What the clock measures.' }),
  policy: nullable(policy, { description: 'What decided the target.' }),
  startedAt: instant(),
  targetMinutes: number({ exclusiveMinimum: 0, description: 'Minutes of business time.' }),
  warningAt: instant(),
  deadlineAt: instant(),
  dueAt: instant({ description: 'When this event was due, not when it was noticed.' }),
  actions: list(oneOf(ESCALATIONS), { description: 'What the policy does about it.' }),
})

const member = object<MemberFacts>({
  id: ordinal(),
  name: text(),
  email: text(),
  role: oneOf(MEMBER_ROLES),
})

const figures = object<PerformanceFigures>({
  replies: count({ description: 'First answers of the day.' }),
  met: count({ description: 'Of `replies`, those that came by their deadline.' }),
  averageResponseSeconds: count(),
})

/** Types and severities of alerts are open lists: more will come. */
const alert = object<EventCatalogue['alert.created']['alert']>({
  id: ordinal(),
  type: text({ examples: ['sla.warning', 'sla.breached', 'webhook.failing'] }),
  severity: text({ examples: ['warning', 'critical'] }),
  message: text({ description: 'A sentence for a person.' }),
  emailId: nullable(ordinal()),
  webhookId: nullable(ordinal(), {
    description: 'The webhook that it is about; that one does not hear of it.',
  }),
})

const DATA: { [Name in EventName]: Schema<EventCatalogue[Name]> } = {
  'email.received': object<EventCatalogue['email.received']>({ email }),
  'email.replied': object<EventCatalogue['email.replied']>({
    email,
    reply: object<EventCatalogue['email.replied']['reply']>({
      id: ordinal(),
      authorId: text({ format: 'uuid' }),
      sentElsewhere: flag({ description: 'It was only recorded: another program sends it.' }),
      repliedAt: instant(),
    }),
  }),
  'email.assigned': object<EventCatalogue['email.assigned']>({
    email,
    assignee: member,
    previousAssigneeId: nullable(ordinal(), { description: 'Null where nobody had it.' }),
  }),
  'email.resolved': object<EventCatalogue['email.resolved']>({
    email,
    resolvedBy: text({ format: 'uuid' }),
    resolvedAt: instant(),
  }),
  'sla.warning': object<EventCatalogue['sla.warning']>({ email, sla }),
  'sla.breached': object<EventCatalogue['sla.breached']>({ email, sla }),
  'alert.created': object<EventCatalogue['alert.created']>({ alert, email: nullable(email) }),
  'team.member.added': object<EventCatalogue['team.member.added']>({ member }),
  'team.performance.updated': object<EventCatalogue['team.performance.updated']>({
    day: text({ format: 'date', description: 'The day in UTC.' }),
    member: nullable(object<{ id: number; name: string }>({ id: ordinal(), name: text() })),
    team: figures,
    memberFigures: nullable(figures),
  }),
}
