import type { ApiClient, Body } from './api-client.js'
import type { TestApp } from './test-app.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export interface SeenClock {
  id: number
  emailId: number
  metric: string
  state: string
  deadlineAt: Date | null
  warningAt: Date | null
  warnedAt: Date | null
  breachedAt: Date | null
  stoppedAt: Date | null
  targetSeconds: number | null
  /** Of one that stands still, as its explanation says. */
  remainingMinutes?: number
}

/** Every clock of a tenant as it stands. */
export async function clocksNow(punctual: TestApp, client: ApiClient): Promise<SeenClock[]> {
  const clocks = await punctual.query<SeenClock>(
    `select id, email_id as "emailId", metric, state, deadline_at as "deadlineAt", warning_at as "warningAt",
       warned_at as "warnedAt", breached_at as "breachedAt", stopped_at as "stoppedAt", target_seconds as "targetSeconds"
     from sla_clocks where user_id = $1 order by id`,
    [client.tenantId],
  )
  for (const clock of clocks.filter(({ state }) => state === 'paused')) {
    const { body } = await client.get(`/emails/${clock.emailId}/sla/explain`)
    clock.remainingMinutes = body.clocks.find(({ id }: Body) => id === clock.id).remainingMinutes
  }
  return clocks
}

/** What a simulation should have said, from the clocks before the change and after all that came of it. */
export function figuresOf(before: SeenClock[], later: SeenClock[], now: Date): Body {
  const pairs = before.map((was) => [was, later.find(({ id }) => id === was.id)!] as const)
  const underWay = pairs.filter(([was]) => !was.stoppedAt && !was.breachedAt)
  const open = underWay.filter(([was]) => was.targetSeconds !== null)
  const rest = underWay.filter(([was]) => was.targetSeconds === null)
  const isChanged = ([was, is]: (typeof pairs)[number]) =>
    is.targetSeconds === null ||
    +is.deadlineAt! !== +was.deadlineAt! ||
    +is.warningAt! !== +was.warningAt! ||
    is.remainingMinutes !== was.remainingMinutes
  const changed = open.filter(isChanged)
  const movedBy = ([was, is]: (typeof pairs)[number]): number => {
    if (is.targetSeconds === null) return Infinity
    if (was.state === 'paused')
      return Math.round(((is.remainingMinutes ?? 0) - was.remainingMinutes!) * MINUTE)
    return +is.deadlineAt! - +was.deadlineAt!
  }
  const moves = changed.map((pair) => ({ pair, ms: movedBy(pair) }))
  const within = (clocks: SeenClock[], ms: number) =>
    clocks.filter(
      ({ state, breachedAt, deadlineAt }) =>
        state === 'running' && !breachedAt && +deadlineAt! >= +now && +deadlineAt! < +now + ms,
    ).length
  const affected = [...open, ...rest]
  const [first, then] = [open.map(([was]) => was), affected.map(([, is]) => is)]
  return {
    ...{ at: now.toISOString(), clocks: open.length, changed: changed.length },
    unchanged: open.length - changed.length,
    earlier: moves.filter(({ ms }) => ms < 0).length,
    later: moves.filter(({ ms }) => ms > 0 && ms < Infinity).length,
    losingTarget: moves.filter(({ ms }) => ms === Infinity).length,
    gainingTarget: rest.filter(([, is]) => is.targetSeconds !== null).length,
    wouldWarnNow: affected.filter(([was, is]) => is.warnedAt && !was.warnedAt && !is.breachedAt).length,
    wouldBreachNow: then.filter(({ breachedAt }) => breachedAt).length,
    wouldBreachWithin: { nextHour: within(then, HOUR), nextDay: within(then, 24 * HOUR) },
    nowWithin: { nextHour: within(first, HOUR), nextDay: within(first, 24 * HOUR) },
    sample: moves
      .toSorted((a, b) => Math.abs(b.ms) - Math.abs(a.ms) || a.pair[0].id - b.pair[0].id)
      .slice(0, 20)
      .map(({ pair: [was, is] }) => ({
        ...{ emailId: was.emailId, metric: was.metric, state: was.state },
        deadlineAt: was.deadlineAt?.toISOString() ?? null,
        newDeadlineAt: is.deadlineAt?.toISOString() ?? null,
      })),
    isPartial: false,
  }
}

/** All that the database holds, in short. */
export async function everything(punctual: TestApp): Promise<Body> {
  const tables = await punctual.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' order by 1`,
  )
  const rows = tables.map(async ({ name }) => [
    name,
    (
      await punctual.query<Body>(
        `select count(*), md5(string_agg(t::text, '' order by t::text)) from ${name} t`,
      )
    )[0],
  ])
  return Object.fromEntries(await Promise.all(rows))
}
