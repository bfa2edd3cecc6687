import { EVENT_NAMES } from '../src/events/catalogue.js'
import type { Receiver } from './receiver.js'
import type { TourResult } from './tour.js'

interface Figures {
  startToReadyMs: number
  rssMb: number
}

export function summary({ emails, threads }: TourResult, receiver: Receiver, figures: Figures): string {
  const { deliveries } = receiver
  const seen = new Set(deliveries.map(({ event }) => event))
  const verified = deliveries.filter(({ isVerified }) => isVerified)
  const retried = deliveries.filter(({ attempt }) => attempt > 1)
  return `
  Events seen       ${seen.size} of ${EVENT_NAMES.length} kinds
  Deliveries        ${deliveries.length}, of these verified: ${verified.length}, second attempts: ${retried.length}
  Emails            ${emails} in ${threads} conversations
  Reply clocks      warnings: ${receiver.heard('sla.warning').length}, breaches: ${receiver.heard('sla.breached').length}

FIGURE start-to-ready ${figures.startToReadyMs} ms
FIGURE rss-after-demo ${figures.rssMb} MB
`
}

/** Everything that a careful reader of the deliveries would object to; nothing, when all is well. */
export function complaints({ posted, emails }: TourResult, receiver: Receiver): string[] {
  const found = EVENT_NAMES.filter((name) => receiver.heard(name).length === 0).map(
    (name) => `${name} never arrived`,
  )
  const unverified = receiver.deliveries.filter(({ isVerified }) => !isVerified)
  for (const name of new Set(unverified.map(({ event }) => event)))
    found.push(`${name}: a signature does not verify`)
  if (emails !== posted) found.push(`${posted} messages were posted, and the mailbox has ${emails}`)
  for (const name of ['sla.warning', 'sla.breached'] as const)
    if (receiver.heard(name).length > 1) found.push(`${name} was told more than once`)
  if (!receiver.deliveries.some(({ attempt }) => attempt === 2))
    found.push('the delivery that was answered 503 did not come again')
  return found
}
