import { AppProcess } from './app-process.js'
import { Journal } from './journal.js'
import { Receiver } from './receiver.js'
import { complaints, summary } from './summary.js'
import { tour } from './tour.js'

/** On a machine that is busy with other things all takes a multiple of the quarter of a minute that it takes alone. */
const START_LIMIT_MS = 180_000
/** From readiness on. */
const TOUR_LIMIT_MS = 180_000

/**
 * Punctual in a quarter of a minute, on a database that is thrown away. Exits 0 only when every one of the nine events
 * arrived with a signature that verifies, and nothing was left behind.
 */
const journal = new Journal()
const interrupted = new Promise<never>((_, reject) => {
  // Not once: npm passes Ctrl-C on, and the second signal must not end the cleaning up after the first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => reject(new Error('Interrupted: stopping the app')))
})
interrupted.catch(() => {})

journal.say(`
Punctual, a tour: real mail goes in, and another program hears of all that follows through signed webhooks.
Everything runs here, on a database that is thrown away afterwards.
`)

const app = new AppProcess()
const receiver = await Receiver.start({ failsOnceFor: 'email.assigned' })
const problems: string[] = []
try {
  journal.say('Starting the app, with a PostgreSQL of its own …')
  await before(START_LIMIT_MS, app.start())
  journal.begin()
  const result = await before(TOUR_LIMIT_MS, tour(app.url, receiver, journal))
  journal.say(summary(result, receiver, { startToReadyMs: app.startToReadyMs, rssMb: app.rssMb() }))
  problems.push(...complaints(result, receiver))
} catch (error) {
  problems.push((error as Error).message, ...app.lastWords())
} finally {
  await receiver.stop()
  problems.push(...(await app.stop()))
}
for (const problem of problems) console.error(`✗ ${problem}`)
if (problems.length === 0) journal.say('✓ The app and its PostgreSQL have stopped, and their files are gone.')
process.exit(problems.length === 0 ? 0 : 1)

/** The result of a step, unless the app ends, time is up, or someone presses Ctrl-C before. */
function before<T>(limitMs: number, step: Promise<T>): Promise<T> {
  return Promise.race([step, app.endedEarly, interrupted, timeIsUp(limitMs)])
}

function timeIsUp(limitMs: number): Promise<never> {
  const waits = receiver.waitingFor
  return new Promise((_, reject) => {
    const fail = () => {
      const still = [...waits].map((what) => `still waiting for ${what}`)
      reject(new Error([`This took more than ${limitMs / 1_000} s`, ...still].join(', ')))
    }
    setTimeout(fail, limitMs).unref()
  })
}
