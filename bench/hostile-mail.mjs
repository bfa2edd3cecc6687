import { MailParser } from '../dist/src/emails/mail-parser.js'
import { hostileMails } from './hostile/mails.mjs'
import { createDatabase, withPostgres } from './support/postgres.mjs'
import { startApp } from './support/processes.mjs'
import { figure, quantile } from './support/report.mjs'

const HOSTILE_MAILS = 200
const SMALL = 'From: b@example.com\r\nSubject: urgent\r\n\r\nhello'

/**
 * 200 hostile mails that one tenant posts at once, and small mails of another one, one after another, meanwhile. Afterwards each
 * kind once more, by the parser alone: how long it holds a thread.
 */
export const bench = () =>
  withPostgres(async (server) => {
    const { url, drop } = await createDatabase(server)
    const app = await startApp(url, { PROCESS_ROLES: 'api', REGISTRATION: 'open' })
    try {
      const [evil, good] = [await tenant(app, 'evil'), await tenant(app, 'good')]
      await good(SMALL) // the first one starts a thread
      report(await beside(evil, good))
      figure('hostile-mail-thread-held', await longestHeld(), 'ms')
    } finally {
      await app.stop()
      await drop()
    }
  })

async function beside(evil, good) {
  const [answers, times] = [[], []]
  const hostile = Array.from({ length: HOSTILE_MAILS }, async (_, index) => {
    answers.push(await evil(hostileMails[index % hostileMails.length](index)))
  })
  while (answers.length < HOSTILE_MAILS) {
    const { status, ms } = await good(`Message-ID: <${times.length}@good>\r\n${SMALL}`)
    if (status !== 201) throw new Error(`The other tenant's mail was answered ${status}`)
    times.push(ms)
  }
  await Promise.all(hostile)
  return { answers, times }
}

function report({ answers, times }) {
  figure('hostile-mail-others-p95', quantile(times, 0.95), 'ms')
  figure('hostile-mail-others', times.length, 'mails')
  for (const [code, some] of Object.entries(Object.groupBy(answers, (answer) => answer.code)))
    figure(`hostile-mail-${code}`, some.length, 'answers')
}

async function longestHeld() {
  const parser = new MailParser()
  const times = []
  for (const [index, mail] of hostileMails.entries()) {
    const raw = Buffer.from(mail(index))
    const startedAt = performance.now()
    await parser.parse(raw, 'evil').catch(() => {}) // refused
    times.push(performance.now() - startedAt)
  }
  await parser.onApplicationShutdown()
  return Math.max(...times)
}

/** Posts mail as a new tenant. */
async function tenant({ url }, name) {
  const account = { name, email: `${name}@example.com`, password: 'a long password' }
  const registered = await fetch(`${url}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  const { accessToken } = await registered.json()
  const headers = { 'content-type': 'message/rfc822', authorization: `Bearer ${accessToken}` }
  return async (body) => {
    const startedAt = performance.now()
    const response = await fetch(`${url}/api/emails/inbound`, { method: 'POST', headers, body })
    const { code = 'read' } = await response.json()
    return { status: response.status, code, ms: performance.now() - startedAt }
  }
}
