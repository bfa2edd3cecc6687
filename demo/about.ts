import type { EventCatalogue, EventName } from '../src/events/catalogue.js'

/** The body of a delivery, whichever event it tells of. */
export type Told = {
  [Name in EventName]: { id: string; event: Name; timestamp: string; data: EventCatalogue[Name] }
}[EventName]

/** What a delivery is about, in a few words. */
export function aboutOf(told: Told): string {
  switch (told.event) {
    case 'email.received':
      return `“${told.data.email.subject}” from ${told.data.email.from.address || 'an unknown sender'}${kindOf(told.data.email.kind)}`
    case 'email.assigned':
      return `“${told.data.email.subject}” to ${told.data.assignee.name}`
    case 'email.replied':
    case 'email.resolved':
      return `“${told.data.email.subject}”`
    case 'sla.warning':
      return `“${told.data.email.subject}” must be answered by ${timeOf(told.data.sla.deadlineAt)} UTC`
    case 'sla.breached':
      return `“${told.data.email.subject}” was not answered by ${timeOf(told.data.sla.deadlineAt)} UTC`
    case 'alert.created':
      return `${told.data.alert.severity}: ${told.data.alert.message}`
    case 'team.member.added':
      return `${told.data.member.name}, ${told.data.member.role}`
    case 'team.performance.updated':
      return `answered today: ${told.data.team.replies}, of these in time: ${told.data.team.met}`
  }
}

/** Machines' mail gets no reply clock, so it is worth a word. */
const kindOf = (kind: string) => (kind === 'human' ? '' : ` (${kind.replace('_', ' ')}: no clock)`)

const timeOf = (instant: string) => instant.slice(11, 19)
