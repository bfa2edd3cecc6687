import type {
  ClockFacts,
  EmailFacts,
  EventCatalogue,
  EventName,
  PerformanceFigures,
} from '../events/catalogue.js'
import type { AnyEventBody } from '../stream/event-body.js'
import { mrkdwn } from './slack-text.js'

/** What a person reads of a message in a channel. Slack itself allows 3,000, 2,000 and 3,000. */
const LIMITS = { text: 1_500, field: 700, fallback: 500 }

export interface SlackText {
  type: 'mrkdwn' | 'plain_text'
  text: string
  /** Bare addresses and names of channels stay text. */
  verbatim?: true
}

export type SlackBlock =
  | { type: 'header'; text: SlackText }
  | { type: 'section'; text?: SlackText; fields?: SlackText[] }
  | { type: 'context'; elements: SlackText[] }

export interface SlackMessage {
  /** For notifications, and for readers that show no blocks. */
  text: string
  blocks: SlackBlock[]
  unfurl_links: false
  unfurl_media: false
}

/**
 * An event as the body of a Slack incoming webhook, within the limits of Block Kit however long a subject or a name is.
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */
export function slackMessage(body: AnyEventBody): SlackMessage {
  const card = cardOf(body)
  const fields = Object.entries(card.fields).filter(([, value]) => value !== null)
  const about = [body.event, dateOf(body.timestamp), ...(body.sequence === null ? [] : [`#${body.sequence}`])]
  return {
    text: `${card.title}: ${mrkdwn(card.text, LIMITS.fallback, NOTHING)}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: card.title } },
      { type: 'section', text: verbatim(mrkdwn(card.text, LIMITS.text, NOTHING)) },
      { type: 'section', fields: fields.map(([label, value]) => verbatim(`*${label}*\n${shown(value!)}`)) },
      { type: 'context', elements: [verbatim(about.join(' · ')), verbatim(body.id)] },
    ],
    unfurl_links: false,
    unfurl_media: false,
  }
}

/** Its title is ours; all else may be anyone's words. */
interface Card {
  title: string
  text: string
  fields: Record<string, Value | null>
}

type Value = string | number | Instant

class Instant {
  constructor(readonly iso: string) {}
}

const NOTHING = '(empty)'

const CARDS: { [Name in EventName]: (data: EventCatalogue[Name]) => Card } = {
  'email.received': ({ email }) => ({
    title: 'Email received',
    text: subjectOf(email),
    fields: { ...sender(email), Kind: wordsOf(email.kind), Received: new Instant(email.receivedAt) },
  }),
  'email.replied': ({ email, reply }) => ({
    title: 'Email answered',
    text: subjectOf(email),
    fields: { ...sender(email), Answered: new Instant(reply.repliedAt) },
  }),
  'email.assigned': ({ email, assignee, previousAssigneeId }) => ({
    title: previousAssigneeId === null ? 'Email assigned' : 'Email given to another',
    text: subjectOf(email),
    fields: { Assignee: assignee.name, ...sender(email) },
  }),
  'email.resolved': ({ email, resolvedAt }) => ({
    title: 'Email resolved',
    text: subjectOf(email),
    fields: { ...sender(email), Resolved: new Instant(resolvedAt) },
  }),
  'sla.warning': ({ email, sla }) => ({
    title: `⏳ ${owed(sla)} due soon`,
    text: subjectOf(email),
    fields: { ...deadline(sla), ...sender(email) },
  }),
  'sla.breached': ({ email, sla }) => ({
    title: `🔴 ${owed(sla)} overdue`,
    text: subjectOf(email),
    fields: { ...deadline(sla), ...sender(email) },
  }),
  'alert.created': ({ alert, email }) => ({
    title: alert.severity === 'critical' ? '🔴 Alert' : '⚠️ Alert',
    text: alert.message,
    fields: { Type: alert.type, Severity: wordsOf(alert.severity), ...(email && sender(email)) },
  }),
  'team.member.added': ({ member }) => ({
    title: 'New team member',
    text: member.name,
    fields: { Email: member.email, Role: wordsOf(member.role) },
  }),
  'team.performance.updated': ({ day, member, team, memberFigures }) => ({
    title: 'Team performance',
    text: `${figuresOf(team)} on ${day}`,
    fields: {
      'Average response': durationOf(team.averageResponseSeconds),
      Member: member && member.name,
      'Of the member': memberFigures && figuresOf(memberFigures),
    },
  }),
}

const cardOf = ({ event, data }: AnyEventBody) => (CARDS[event] as (data: unknown) => Card)(data)

const subjectOf = ({ subject }: EmailFacts) => subject.trim() || '(no subject)'

const sender = ({ from, priority, customerTier, category }: EmailFacts): Card['fields'] => ({
  // The address first: a name may be as long as it likes, and say what it likes.
  From: from.name ? `${from.address} (${from.name})` : from.address,
  Priority: wordsOf(priority),
  'Customer tier': wordsOf(customerTier),
  Category: category,
})

const owed = ({ metric }: ClockFacts) => (metric === 'resolution' ? 'Resolution' : 'Reply')

const deadline = ({ deadlineAt, policy }: ClockFacts): Card['fields'] => ({
  Deadline: new Instant(deadlineAt),
  Policy: policy && policy.name,
})

const figuresOf = ({ replies, met }: PerformanceFigures) =>
  `${replies} first ${replies === 1 ? 'answer' : 'answers'}, ${met} by the deadline`

const wordsOf = (code: string) => code.replaceAll('_', ' ')

function durationOf(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const shown = (value: Value) =>
  value instanceof Instant ? dateOf(value.iso) : mrkdwn(String(value), LIMITS.field, NOTHING)

/** In the time zone of whoever reads it; the text after the bar is for those who see no dates. */
function dateOf(iso: string): string {
  const seconds = Math.floor(Date.parse(iso) / 1_000)
  return `<!date^${seconds}^{date_short_pretty} {time}|${iso.slice(0, 16).replace('T', ' ')} UTC>`
}

const verbatim = (text: string): SlackText => ({ type: 'mrkdwn', text, verbatim: true })
