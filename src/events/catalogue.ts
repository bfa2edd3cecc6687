/** An email as events tell of it. Instants are ISO 8601 strings in UTC. */
export interface EmailFacts {
  id: number
  threadId: string
  messageId: string
  subject: string
  from: { address: string; name: string | null }
  /** human, auto_reply, bounce or feedback_report; only people's mail awaits an answer. */
  kind: string
  priority: string
  customerTier: string
  category: string | null
  status: string
  assigneeId: number | null
  /** The mailbox that it came through; null for what was posted. */
  mailboxId: number | null
  receivedAt: string
}

export interface ClockFacts {
  clockId: number
  /** first_reply, next_reply or resolution. */
  metric: string
  /** What decided the target; its id is null once it is gone. */
  policy: { id: number | null; name: string; version: number } | null
  startedAt: string
  targetMinutes: number
  warningAt: string
  deadlineAt: string
  /** When it was due, not when a worker noticed. */
  dueAt: string
  /** What the policy does about it: notify, raise_priority, reassign. */
  actions: string[]
}

export interface MemberFacts {
  id: number
  name: string
  email: string
  role: string
}

export interface AlertFacts {
  id: number
  /** sla.warning, sla.breached, webhook.failing, webhook.recovered or webhook.deactivated. */
  type: string
  /** info, warning or critical. */
  severity: string
  message: string
  emailId: number | null
  webhookId: number | null
}

/** All that other modules and other systems may hear of. A closed list. */
export interface EventCatalogue {
  /** Raised when a message has been taken into the mailbox, whatever it is; once per Message-ID. */
  'email.received': { email: EmailFacts }
  /** Raised when an answer has been stored, before it is sent: this stops the reply clock. */
  'email.replied': {
    email: EmailFacts
    reply: { id: number; authorId: string; sentElsewhere: boolean; repliedAt: string }
  }
  /** Raised when an email has been given to a team member, or to another one. */
  'email.assigned': { email: EmailFacts; assignee: MemberFacts; previousAssigneeId: number | null }
  /** Raised when an email needs no further work. */
  'email.resolved': { email: EmailFacts; resolvedBy: string; resolvedAt: string }
  /** Raised when 20 % of the time to reply or to resolve remains (or what the policy says), once per clock. */
  'sla.warning': { email: EmailFacts; sla: ClockFacts }
  /** Raised when the time to reply or to resolve is over, once per clock. */
  'sla.breached': { email: EmailFacts; sla: ClockFacts }
  /** Raised when something needs a person's attention. */
  'alert.created': {
    alert: AlertFacts
    email: EmailFacts | null
  }
  /** Raised when a person has joined the team. */
  'team.member.added': { member: MemberFacts }
  /** Raised when a first answer has changed the day's figures of the team, and of the member who had the email. */
  'team.performance.updated': {
    /** The day in UTC, such as 2026-03-02. */
    day: string
    member: { id: number; name: string } | null
    team: PerformanceFigures
    memberFigures: PerformanceFigures | null
  }
}

export interface PerformanceFigures {
  replies: number
  /** Of `replies`, those that came by their deadline. */
  met: number
  averageResponseSeconds: number
}

export type EventName = keyof EventCatalogue

export const EVENT_NAMES = [
  'email.received',
  'email.replied',
  'email.assigned',
  'email.resolved',
  'sla.warning',
  'sla.breached',
  'alert.created',
  'team.member.added',
  'team.performance.updated',
] as const satisfies readonly EventName[]

export interface DomainEvent<Name extends EventName = EventName> {
  id: string
  tenantId: string
  name: Name
  data: EventCatalogue[Name]
  occurredAt: Date
}
