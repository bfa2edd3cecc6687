import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase, query } from './postgres.mjs'
import { environment, startApp, startProgram } from './processes.mjs'

/** How many emails the events tell of. */
const EMAILS = 500
const STALLED_AFTER_MS = 30_000
const SUBJECT =
  'The engine does not start: it stopped after the last update, and since then nothing happens but a '
const EMAIL = {
  from: { address: 'customer@example.com', name: 'Charles Babbage' },
  subject: SUBJECT + 'short noise when it is switched on, which the manual does not mention. '.repeat(4),
  text: 'What can I do?',
}

/**
 * What all benches of webhooks play on: a database of the app with one tenant and its mail, the API, and a receiver in a
 * process of its own. Events of about 1 kB: `email.assigned`, which only webhooks hear of.
 */
export async function setStage(server) {
  const undo = []
  const close = async () => {
    for (const step of undo.toReversed()) await step()
  }
  try {
    const { url, drop } = await createDatabase(server)
    undo.push(drop)
    const receiver = startProgram('programs/receiver.mjs')
    undo.push(receiver.stop)
    const origin = `http://127.0.0.1:${await receiver.message()}`
    const api = await startApp(url, { PROCESS_ROLES: 'api' })
    undo.push(api.stop)
    const account = { name: 'Ada', email: 'ada@example.com', password: 'a long password' }
    const { accessToken, user } = await request('POST', `${api.url}/api/auth/register`, account)
    const call = (method, path, body) => request(method, `${api.url}/api${path}`, body, accessToken)
    for (let posted = 0; posted < EMAILS; posted += 20)
      await Promise.all(Array.from({ length: 20 }, () => call('POST', '/emails', EMAIL)))

    const subscribe = (to, events = ['email.assigned']) =>
      call('POST', '/webhooks/subscribe', { url: to, events })
    const unsubscribe = (id) => call('DELETE', `/webhooks/subscribe/${id}`)
    const subscribeMany = async (count) => {
      for (let hook = 1; hook <= count; hook++) await subscribe(`${origin}/hooks/${hook}`)
    }
    const startWorker = async () => {
      const worker = await startApp(url, { PROCESS_ROLES: 'worker' })
      undo.push(worker.stop)
      return worker
    }
    /** See `programs/publisher.mjs`. */
    const startPublisher = async (settings) => {
      const env = { ...environment(url), ...settings }
      const publisher = startProgram('programs/publisher.mjs', { tenantId: user.tenantId }, env)
      undo.push(publisher.stop)
      await publisher.message()
      return publisher
    }
    return {
      url,
      origin,
      receiver,
      subscribe,
      unsubscribe,
      subscribeMany,
      startWorker,
      startPublisher,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Resolves once so many deliveries have come. */
export async function arrival(receiver, deliveries) {
  let last = { count: -1, at: performance.now() }
  for (; ; await sleep(20)) {
    const count = await receiver.ask('how many?')
    if (count >= deliveries) return
    if (count > last.count) last = { count, at: performance.now() }
    if (performance.now() - last.at > STALLED_AFTER_MS)
      throw new Error(`${count} of ${deliveries} deliveries came, and then no more`)
  }
}

/** Every delivery came once. */
export function checkOnce({ deliveries, distinct }, expected, who) {
  if (deliveries !== expected || distinct !== expected)
    throw new Error(
      `${who}: ${deliveries} deliveries came, ${distinct} different ones, instead of ${expected}`,
    )
}

export async function until(isOver) {
  while (!(await isOver())) await sleep(10)
}

/** No delivery waits for its first attempt, a retry or its outcome. */
export async function noneWaits(url) {
  const [{ none }] = await query(url, `select not exists (select from webhook_queue) as none`)
  return none
}

/** As autovacuum would leave it a little later, and nothing of it left to write while something is measured. */
export async function settle(url) {
  await query(url, 'vacuum (analyze)')
  await query(url, 'checkpoint')
}

async function request(method, url, body, token) {
  const headers = {
    ...(body && { 'content-type': 'application/json' }),
    ...(token && { authorization: `Bearer ${token}` }),
  }
  const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.status === 204 ? undefined : response.json()
}
