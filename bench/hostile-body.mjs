import { readFileSync } from 'node:fs'
import { bodiesOf, wholeBodies } from './http/hostile-bodies.mjs'
import { LEGAL, PAUSES } from './http/legal-bodies.mjs'
import { createDatabase, withPostgres } from './support/postgres.mjs'
import { freePort, startApp } from './support/processes.mjs'
import { figure, median } from './support/report.mjs'

const MB = 1_000_000
const STRANGERS_BYTES = 4 * MB
const USUAL_BYTES = 256 * 1024
/** Of the operations that take more. */
const LIMITS = {
  'PUT /api/customer-tiers': 1024 * 1024,
  'POST /api/emails': 4 * 1024 * 1024,
  'POST /api/emails/{id}/reply': 4 * 1024 * 1024,
}
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const TOGETHER = 30
const USUAL_REQUESTS = 6_000
const contract = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'))

/**
 * By how much the worst bodies make everybody else wait: of strangers 4 MB to each public operation, to one that needs a
 * credential and to none; of those who may, the worst that each operation reads. A case counts by the median of its rounds,
 * since on a shared machine the processor is away now and then. BENCH_ROUNDS=1 is for quick runs,
 * BENCH_ALL=1 tells of each case.
 */
export const bench = () => withPostgres(measure)

async function measure(server) {
  const database = await createDatabase(server)
  const port = await freePort()
  const watch = new URL('programs/loop-watch.mjs', import.meta.url).href
  const app = await startApp(
    database.url,
    { LOOP_WATCH_PORT: String(port), LOG_LEVEL: 'error', REGISTRATION: 'open' },
    [`--import=${watch}`],
  )
  try {
    const headers = await signUp(app.url)
    const stage = { url: app.url, watch: `http://127.0.0.1:${port}`, headers }
    for (const [path, body] of Object.entries(EXAMPLES)) await send(stage, 'POST', path, JSON.stringify(body))
    const strangers = [...strangersCases()]
    await serve(stage)
    for (const one of strangers.slice(0, 60)) await run(stage, one)
    await attack(stage, 'public', strangers)
    await crowd(stage)
    await attack(stage, 'others', [...membersCases()])
  } finally {
    await app.stop()
    await database.drop()
  }
}

/** What a process that has been at work for a while has compiled, and has of memory. */
async function serve(stage) {
  for (let round = 0; round < USUAL_REQUESTS / TOGETHER; round++)
    await Promise.all(Array.from({ length: TOGETHER }, () => send(stage, 'GET', '/api/emails')))
}

async function attack(stage, name, cases) {
  const { rss: before } = await ask(stage)
  let [most, answer, computed] = [before, 0, 0]
  let worst = { delay: -1 }
  for (const one of cases) {
    const delays = []
    for (let round = 0; round < ROUNDS; round++) {
      const { delayMs, cpuMs, rss, refusal } = await run(stage, one)
      computed = Math.max(computed, cpuMs)
      if (process.env.BENCH_ALL)
        console.log(`${cpuMs.toFixed(0)} ms of processor, ${delayMs.toFixed(0)} ms  ${one.name}`)
      delays.push(delayMs)
      most = Math.max(most, rss)
      answer = Math.max(answer, refusal)
    }
    const delay = median(delays)
    if (delay > worst.delay) worst = { delay, name: one.name }
  }
  console.log(`${cases.length} cases of ${name}; the worst: ${worst.name}`)
  figure(`hostile-body-${name}`, worst.delay, 'ms')
  figure(`hostile-body-${name}-processor`, computed, 'ms')
  figure(`hostile-body-${name}-answer`, answer / 1024, 'KiB')
  figure(`hostile-body-${name}-memory`, (most - before) / MB, 'MB')
}

/** Strangers on many connections at once, each with 4 MB. */
async function crowd(stage) {
  const { rss: before } = await ask(stage)
  const body = wholeBodies(STRANGERS_BYTES)[0][1]
  const paths = ['/api/emails', '/api/nowhere', '/api/auth/register']
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all(
      Array.from({ length: TOGETHER }, (_, i) => send({ url: stage.url }, 'POST', paths[i % 3], body)),
    )
  const { rss } = await ask(stage)
  figure('hostile-body-crowd-memory', (rss - before) / MB, 'MB')
}

async function run(stage, { method, path, body, type, isStrangers }) {
  await ask(stage)
  const refusal = await send(isStrangers ? { url: stage.url } : stage, method, path, body, type)
  return { ...(await ask(stage)), refusal }
}

const ask = async ({ watch }) => (await fetch(watch)).json()

/** The length of the answer, where it refuses. */
async function send({ url, headers = {} }, method, path, body, type = 'application/json') {
  try {
    const request = { method, body, headers: { ...headers, 'content-type': type } }
    const response = await fetch(url + path, request)
    const answer = await response.arrayBuffer()
    if (response.status >= 500) console.log(`✗ ${method} ${path}: ${response.status}`)
    return response.ok ? 0 : answer.byteLength
  } catch {
    return 0 // cut while it was sent
  }
}

function* strangersCases() {
  const operations = [...operationsOf(contract)].filter(
    ({ isPublic, method }) => isPublic && method !== 'GET',
  )
  for (const path of ['/api/emails', '/api/nowhere']) operations.push({ method: 'POST', path, example: {} })
  for (const { method, path, example } of operations) {
    const bodies = [
      ...wholeBodies(STRANGERS_BYTES),
      ...bodiesOf(example, STRANGERS_BYTES),
      ...bodiesOf(example, 16 * 1024),
    ]
    for (const [kind, body] of bodies)
      yield {
        name: `${method} ${path} ${kind} (${body.length} bytes)`,
        method,
        path,
        body,
        isStrangers: true,
      }
  }
}

function* membersCases() {
  for (const { name, method, path, example, isPublic, type } of operationsOf(contract)) {
    if (isPublic || method === 'GET') continue
    const limit = LIMITS[name] ?? USUAL_BYTES
    const at = path.replaceAll(/\{\w+\}/g, '1')
    if (type === 'application/json')
      for (const [kind, body] of [...wholeBodies(limit), ...bodiesOf(example, limit)])
        yield { name: `${name} ${kind}`, method, path: at, body }
    if (LEGAL[name])
      yield { name: `${name} at its most`, method, path: at, body: JSON.stringify(LEGAL[name]) }
  }
  const [method, path] = ['POST', '/api/sla/preview']
  yield { name: 'a preview of a thousand pauses', method, path, body: JSON.stringify(PAUSES) }
  const ical = { method, path: '/api/sla/calendars/1/holidays/ical', type: 'text/calendar' }
  for (const line of ['BEGIN:VEVENT\r\nEND:VEVENT\r\n', 'BEGIN:X\r\n', ' x\r\n', ':;,'])
    yield {
      name: `a calendar of ${JSON.stringify(line)}`,
      ...ical,
      body: `BEGIN:VCALENDAR\r\n${line.repeat(MB / line.length)}`,
    }
  const mail = { method, path: '/api/emails/inbound', type: 'message/rfc822' }
  yield {
    name: 'a mail of 24 MB',
    ...mail,
    body: `From: a@example.com\r\n\r\n${'text '.repeat((24 * MB) / 5)}`,
  }
}

const EXAMPLES = {
  '/api/sla/calendars': { name: 'A', timezone: 'UTC', hours: { mon: [['09:00', '17:00']] } },
  '/api/emails': { from: { address: 'c@example.com' }, subject: 's', text: 't' },
}

function* operationsOf({ paths }) {
  for (const [path, item] of Object.entries(paths))
    for (const [method, operation] of Object.entries(item)) {
      const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [
        'application/json',
        {},
      ]
      yield {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        isPublic: operation.security?.length === 0,
        type,
        example: type === 'application/json' ? exampleOf(media.schema ?? {}) : {},
      }
    }
}

/** As in test/support/contract.ts: made of the examples of its parts. */
function exampleOf(given) {
  const schema = given.$ref ? contract.components.schemas[given.$ref.split('/').at(-1)] : given
  if (schema.example !== undefined) return schema.example
  if (schema.oneOf) return exampleOf(schema.oneOf[0])
  if (schema.properties)
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, part]) => [name, exampleOf(part)]),
    )
  return schema.items ? [exampleOf(schema.items)] : null
}

async function signUp(url) {
  const account = { name: 'Ada', email: 'ada@example.com', password: 'a long password' }
  const response = await fetch(`${url}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  return { authorization: `Bearer ${(await response.json()).accessToken}` }
}
