import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase } from '../support/postgres.mjs'
import { startApp } from '../support/processes.mjs'
import { figure, median, ratio } from '../support/report.mjs'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7)
const CLIENTS = 20
const GUESSES_EACH = 10
const EMAILS = 100
/** As long as a flood takes, about. */
const QUIET_MS = 3_000
/** A mailbox that is looked at, and not a second flood. */
const PAUSE_MS = 5
const EMAIL = { from: { address: 'customer@example.com' }, subject: 'Help', text: 'What can I do?' }

/**
 * What guessing passwords does to those who work: the median time of `GET /emails` beside 200 guesses of 20 clients, each
 * of whom asks again as soon as it was answered, over the same without them. Each round has clients and addresses of its
 * own, so that all of its guesses are judged. The ratio is the median of the rounds' own.
 */
export async function loginFlood(server) {
  const { url: databaseUrl, drop } = await createDatabase(server)
  const app = await startApp(databaseUrl, { TRUST_PROXY: '127.0.0.1' })
  try {
    const account = { name: 'Ada', email: 'ada@example.com', password: 'a long password' }
    const { accessToken } = await (await post(app, '/auth/register', account)).json()
    const authorization = `Bearer ${accessToken}`
    for (let posted = 0; posted < EMAILS; posted++) await post(app, '/emails', EMAIL, { authorization })
    const look = () => timed(() => fetch(`${app.url}/api/emails`, { headers: { authorization } }))
    await times(look, sleep(QUIET_MS)) // warm up
    const rounds = []
    for (let round = 1; round <= ROUNDS; round++) {
      const quiet = median(await times(look, sleep(QUIET_MS)))
      const flooded = median(await times(look, flood(app, round)))
      rounds.push({ quiet, flooded })
      console.log(`round ${round}: ${quiet.toFixed(2)} ms, beside guesses ${flooded.toFixed(2)} ms`)
    }
    figure('login-flood-p50-quiet', median(rounds.map(({ quiet }) => quiet)), 'ms')
    figure('login-flood-p50', median(rounds.map(({ flooded }) => flooded)), 'ms')
    ratio('login-flood', median(rounds.map(({ quiet, flooded }) => flooded / quiet)))
  } finally {
    await app.stop()
    await drop()
  }
}

async function flood(app, round) {
  const guesses = Array.from({ length: CLIENTS }, async (_, client) => {
    const guess = { email: `user-${round}-${client}@example.com`, password: 'a wrong password' }
    for (let made = 0; made < GUESSES_EACH; made++) {
      const { status } = await post(app, '/auth/login', guess, {
        'x-forwarded-for': `198.51.${round}.${client}`,
      })
      if (status !== 401) throw new Error(`A guess was answered with ${status} instead of being judged`)
    }
  })
  await Promise.all(guesses)
}

/** How long each took, one after another until that is over. */
async function times(run, until) {
  const state = { isOver: false }
  const over = until.finally(() => (state.isOver = true))
  const taken = []
  while (!state.isOver) {
    taken.push(await run())
    await sleep(PAUSE_MS)
  }
  await over
  return taken
}

async function timed(request) {
  const startedAt = performance.now()
  const response = await request()
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`GET /emails answered ${response.status}`)
  return performance.now() - startedAt
}

function post(app, path, body, headers = {}) {
  return fetch(`${app.url}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}
