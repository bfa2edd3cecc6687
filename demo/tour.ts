import { readdirSync, readFileSync } from 'node:fs'
import { EVENT_NAMES } from '../src/events/catalogue.js'
import { Api } from './api.js'
import type { Journal } from './journal.js'
import type { Receiver } from './receiver.js'

const MAIL = new URL('../../test/fixtures/mail/', import.meta.url)
const TARGET_SECONDS = 10
/** The one that nobody answers. */
const URGENT = '12-vip-high-priority.eml'
const ANSWERED = '06-thread-original.eml'
const RESOLVED = '01-plain-question.eml'

export interface TourResult {
  posted: number
  emails: number
  threads: number
}

/** The whole story on real mail and in real time, through HTTP only. Ends when every delivery has arrived. */
export async function tour(url: string, receiver: Receiver, journal: Journal): Promise<TourResult> {
  const ada = new Api(url)
  receiver.onDelivery = (delivery) => journal.delivery(delivery)

  journal.step('Ada registers, and subscribes a receiver to all nine events.')
  await register(ada)
  await subscribe(ada, receiver)

  journal.step(`Urgent mail of VIP customers shall be answered within ${TARGET_SECONDS} seconds.`)
  await setTarget(ada, TARGET_SECONDS)

  journal.step('Grace joins the team.')
  const grace = await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })
  await receiver.untilHeard('team.member.added')

  journal.step('A VIP writes. The clock of that message runs from now on.')
  const ids = new Map([[URGENT, await postMail(ada, URGENT, '?customerTier=vip')]])
  await receiver.untilHeard('email.received')

  const files = readdirSync(MAIL).filter((name) => name.endsWith('.eml'))
  journal.step(`${files.length - 1} more messages arrive, some of them hard to read.`)
  for (const file of files) if (file !== URGENT) ids.set(file, await postMail(ada, file))
  await receiver.untilHeard('email.received', files.length)

  journal.step('Grace gets one of them. The receiver has a bad moment, so this delivery comes twice.')
  await ada.post(`/emails/${ids.get(ANSWERED)}/assign`, { memberId: grace.id })
  await receiver.untilHeard('email.assigned')

  journal.step('She answers it.')
  await ada.post(`/emails/${ids.get(ANSWERED)}/reply`, { text: 'A new link is on its way to you.' })
  await receiver.untilHeard('team.performance.updated')

  journal.step('Another one is resolved.')
  await ada.post(`/emails/${ids.get(RESOLVED)}/resolve`)
  await receiver.untilHeard('email.resolved')

  journal.step('Nobody answers the VIP: a warning when 20 % of the time is left …')
  await receiver.untilHeard('sla.warning')
  await receiver.untilHeard('alert.created')

  journal.step('… and the breach at the deadline.')
  await receiver.untilHeard('sla.breached')
  await receiver.untilHeard('alert.created', 2)
  for (const name of EVENT_NAMES) await receiver.untilHeard(name)

  const { data: emails } = await ada.get('/emails?limit=100')
  const threads = new Set(emails.map(({ threadId }: { threadId: string }) => threadId))
  return { posted: files.length, emails: emails.length, threads: threads.size }
}

async function register(api: Api): Promise<void> {
  const account = { name: 'Ada', email: 'ada@example.com', password: 'a password for the demo' }
  api.token = (await api.post('/auth/register', account)).accessToken
}

async function subscribe(api: Api, receiver: Receiver): Promise<void> {
  const { secret } = await api.post('/webhooks/subscribe', { url: receiver.url, events: EVENT_NAMES })
  receiver.secret = secret
}

/** For urgent mail of the tier vip; all other mail keeps the policies that a tenant starts with. */
async function setTarget(api: Api, seconds: number): Promise<void> {
  const urgent = { name: 'Urgent', priorities: ['high'], customerTiers: ['vip'] }
  await api.post('/sla/settings', { ...urgent, firstReplyMinutes: seconds / 60 })
}

/** @returns the email's id */
async function postMail(api: Api, file: string, query = ''): Promise<number> {
  const { id } = await api.postMail(`/emails/inbound${query}`, readFileSync(new URL(file, MAIL)))
  return id
}
