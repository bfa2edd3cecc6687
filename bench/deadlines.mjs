import { BusinessCalendar } from '../dist/src/calendars/business-calendar.js'
import { parseCalendar } from '../dist/src/calendars/calendar-definition.js'
import { runProgram } from './support/processes.mjs'
import { figure, median, ratio } from './support/report.mjs'

const TIMEZONE = 'Europe/Berlin'
const YEARS = [2021, 2022, 2023, 2024, 2025, 2026, 2027]
const TARGET_HOURS = 40
const CASES = 100_000
/** The peer takes milliseconds for each. */
const PEER_CASES = 300
const ROUNDS = 5
const PASSES = 5

/**
 * How many deadlines of 40 open hours a second one core computes, in a week of five days from nine to five with twelve
 * holidays a year, from random instants of seven years. The peer, moment-business-time, knows no zones but its
 * process's: it runs in one that has TZ set, on some of the same cases. Rounds alternate; medians count.
 */
export async function bench() {
  const holidays = YEARS.flatMap(holidaysOf)
  const calendar = BusinessCalendar.compile(definition(holidays))
  const starts = randomInstants(CASES)
  const program = { starts: starts.slice(0, PEER_CASES), hours: TARGET_HOURS, holidays }
  const rounds = []
  for (let round = 1; round <= ROUNDS; round++) {
    const ours = deadlinesPerSecond(calendar, starts)
    const peer = await runProgram('programs/moment-deadlines.mjs', program, { TZ: TIMEZONE })
    if (round === 1) compare(calendar, program.starts, peer.deadlines)
    rounds.push({ ours, ratio: ours / peer.perSecond })
    console.log(`round ${round}: ${ours.toFixed(0)} deadlines/s; peer ${peer.perSecond.toFixed(1)}/s`)
  }
  const middle = (of) => median(rounds.map(of))
  const perSecond = middle(({ ours }) => ours)
  figure('deadlines', perSecond, '/s')
  const againstPeer = middle((round) => round.ratio)
  ratio('deadlines-to-moment-business-time', againstPeer)
}

function deadlinesPerSecond(calendar, starts) {
  const target = TARGET_HOURS * 3_600_000
  const startedAt = performance.now()
  let sum = 0
  for (let pass = 0; pass < PASSES; pass++)
    for (const start of starts) sum += calendar.deadline(start, target) - start
  const elapsed = (performance.now() - startedAt) / 1_000
  if (!(sum > starts.length * PASSES * target)) throw new Error('a deadline came too early')
  return (starts.length * PASSES) / elapsed
}

/** A ratio means something only where both say the same. */
function compare(calendar, starts, deadlines) {
  const differing = starts
    .map((start, index) => [start, calendar.deadline(start, TARGET_HOURS * 3_600_000), deadlines[index]])
    .filter(([, ours, peer]) => ours !== peer)
    .map((instants) => instants.map((instant) => new Date(instant).toISOString()))
  console.log(`${starts.length - differing.length} of ${starts.length} deadlines are the peer's`)
  for (const [start, ours, peer] of differing.slice(0, 5))
    console.log(`  differs: from ${start}, ours ${ours}, peer ${peer}`)
  if (differing.length > 0) throw new Error('the peer computes something else')
}

function definition(holidays) {
  const day = [['09:00', '17:00']]
  const calendar = { mon: day, tue: day, wed: day, thu: day, fri: day }
  return parseCalendar({ timezone: TIMEZONE, calendar, holidays })
}

function holidaysOf(year) {
  const days = [
    '01-01',
    '01-06',
    '03-08',
    '05-01',
    '05-08',
    '08-15',
    '10-03',
    '10-31',
    '11-01',
    '12-24',
    '12-25',
  ]
  return [...days, '12-26'].map((day) => `${year}-${day}`)
}

/** The same in each run: a linear congruential generator with the constants of Numerical Recipes. */
function randomInstants(count) {
  const [from, to] = [Date.UTC(YEARS[0], 0), Date.UTC(YEARS.at(-1), 10)]
  let state = 42
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  return Array.from({ length: count }, () => Math.floor(from + random() * (to - from)))
}
