import type { EventName } from '../../src/events/catalogue.js'
import { EVENT_EXAMPLES } from '../../src/webhooks/event-examples.js'

const CUSTOMER = [
  'From customer@example.com (Charles Babbage)',
  'Priority high',
  'Customer tier vip',
  'Category engines',
]
const SUBJECT = 'The engine does not start'

/** What can be read of each example, line by line; the first is the notification. */
export const SAYS: Record<EventName, string[]> = {
  'email.received': [
    ...titled('Email received', SUBJECT),
    ...[...CUSTOMER, 'Kind human', 'Received 2026-03-02 09:00 UTC'],
    ...['email.received · 2026-03-02 09:00 UTC · #1', EVENT_EXAMPLES['email.received'].id],
  ],
  'email.replied': [
    ...titled('Email answered', SUBJECT),
    ...[...CUSTOMER, 'Answered 2026-03-02 10:05 UTC'],
    ...['email.replied · 2026-03-02 10:05 UTC · #7', EVENT_EXAMPLES['email.replied'].id],
  ],
  'email.assigned': [
    ...titled('Email assigned', SUBJECT),
    ...['Assignee Grace Hopper', ...CUSTOMER],
    ...['email.assigned · 2026-03-02 09:02 UTC · #2', EVENT_EXAMPLES['email.assigned'].id],
  ],
  'email.resolved': [
    ...titled('Email resolved', SUBJECT),
    ...[...CUSTOMER, 'Resolved 2026-03-02 11:30 UTC'],
    ...['email.resolved · 2026-03-02 11:30 UTC · #8', EVENT_EXAMPLES['email.resolved'].id],
  ],
  'sla.warning': [
    ...titled('⏳ Reply due soon', SUBJECT),
    ...['Deadline 2026-03-02 10:00 UTC', 'Policy VIP', ...CUSTOMER],
    ...['sla.warning · 2026-03-02 09:48 UTC · #3', EVENT_EXAMPLES['sla.warning'].id],
  ],
  'sla.breached': [
    ...titled('🔴 Reply overdue', SUBJECT),
    ...['Deadline 2026-03-02 10:00 UTC', 'Policy VIP', ...CUSTOMER],
    ...['sla.breached · 2026-03-02 10:00 UTC · #5', EVENT_EXAMPLES['sla.breached'].id],
  ],
  'alert.created': [
    ...titled('⚠️ Alert', EVENT_EXAMPLES['alert.created'].data.alert.message),
    ...['Type sla.warning', 'Severity warning', ...CUSTOMER],
    ...['alert.created · 2026-03-02 09:48 UTC · #4', EVENT_EXAMPLES['alert.created'].id],
  ],
  'team.member.added': [
    ...titled('New team member', 'Grace Hopper'),
    ...['Email grace@example.com', 'Role agent'],
    ...['team.member.added · 2026-03-02 08:30 UTC', EVENT_EXAMPLES['team.member.added'].id],
  ],
  'team.performance.updated': [
    ...titled('Team performance', '12 first answers, 11 by the deadline on 2026-03-02'),
    ...['Average response 22 min', 'Member Grace Hopper', 'Of the member 4 first answers, 3 by the deadline'],
    ...['team.performance.updated · 2026-03-02 10:05 UTC', EVENT_EXAMPLES['team.performance.updated'].id],
  ],
}

function titled(title: string, text: string): string[] {
  return [`${title}: ${text}`, title, text]
}
