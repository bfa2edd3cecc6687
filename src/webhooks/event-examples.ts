import type { ClockFacts, EmailFacts, EventName, MemberFacts } from '../events/catalogue.js'
import type { EventBody } from '../stream/event-body.js'

/** One body of each event. Together they tell how one message came, was late, and was answered. */
export const EVENT_EXAMPLES = {
  'email.received': {
    ...about('email.received', '01', '2026-03-02T09:00:00.000Z', 1),
    data: { email: emailAs('open', null) },
  },
  'email.assigned': {
    ...about('email.assigned', '02', '2026-03-02T09:02:00.000Z', 2),
    data: { email: emailAs('open', 7), assignee: grace(), previousAssigneeId: null },
  },
  'sla.warning': {
    ...about('sla.warning', '03', '2026-03-02T09:48:00.000Z', 3),
    data: { email: emailAs('open', 7), sla: clockDueAt('2026-03-02T09:48:00.000Z') },
  },
  'alert.created': {
    ...about('alert.created', '04', '2026-03-02T09:48:00.000Z', 4),
    data: {
      alert: {
        id: 11,
        type: 'sla.warning',
        severity: 'warning',
        message:
          'The reply is due soon: “The engine does not start” from customer@example.com, due 2026-03-02T10:00:00.000Z',
        emailId: 42,
        webhookId: null,
      },
      email: emailAs('open', 7),
    },
  },
  'sla.breached': {
    ...about('sla.breached', '05', '2026-03-02T10:00:00.001Z', 5),
    data: { email: emailAs('open', 7), sla: clockDueAt('2026-03-02T10:00:00.000Z') },
  },
  'email.replied': {
    ...about('email.replied', '06', '2026-03-02T10:05:00.000Z', 7),
    data: {
      email: emailAs('replied', 7),
      reply: { id: 31, authorId: userId(), sentElsewhere: false, repliedAt: '2026-03-02T10:05:00.000Z' },
    },
  },
  'team.performance.updated': {
    ...about('team.performance.updated', '07', '2026-03-02T10:05:00.000Z', null),
    data: {
      day: '2026-03-02',
      member: { id: 7, name: 'Grace Hopper' },
      team: { replies: 12, met: 11, averageResponseSeconds: 1_320 },
      memberFigures: { replies: 4, met: 3, averageResponseSeconds: 1_905 },
    },
  },
  'email.resolved': {
    ...about('email.resolved', '08', '2026-03-02T11:30:00.000Z', 8),
    data: { email: emailAs('resolved', 7), resolvedBy: userId(), resolvedAt: '2026-03-02T11:30:00.000Z' },
  },
  'team.member.added': {
    ...about('team.member.added', '09', '2026-03-02T08:30:00.000Z', null),
    data: { member: grace() },
  },
} satisfies { [Name in EventName]: EventBody<Name> }

/** Of the example's own time, as ids of version 7 are; the rest counts up. */
function about<Name extends EventName>(event: Name, nth: string, timestamp: string, sequence: number | null) {
  const time = Date.parse(timestamp).toString(16).padStart(12, '0')
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-0000000000${nth}`
  return { id, event, timestamp, sequence }
}

function userId() {
  return '018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e'
}

function emailAs(status: 'open' | 'replied' | 'resolved', assigneeId: number | null): EmailFacts {
  return {
    id: 42,
    threadId: '5b0e6f2a-8a3f-4c53-9a52-8d1f4b7c2e10',
    messageId: '20260302.1@example.com',
    subject: 'The engine does not start',
    from: { address: 'customer@example.com', name: 'Charles Babbage' },
    kind: 'human',
    priority: 'high',
    customerTier: 'vip',
    category: 'engines',
    status,
    assigneeId,
    mailboxId: null,
    receivedAt: '2026-03-02T09:00:00.000Z',
  }
}

function clockDueAt(dueAt: string): ClockFacts {
  return {
    clockId: 19,
    metric: 'first_reply',
    policy: { id: 3, name: 'VIP', version: 1 },
    startedAt: '2026-03-02T09:00:00.000Z',
    targetMinutes: 60,
    warningAt: '2026-03-02T09:48:00.000Z',
    deadlineAt: '2026-03-02T10:00:00.000Z',
    dueAt,
    actions: ['notify'],
  }
}

function grace(): MemberFacts {
  return { id: 7, name: 'Grace Hopper', email: 'grace@example.com', role: 'agent' }
}
