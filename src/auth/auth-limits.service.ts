import { createHmac } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Interval } from '@nestjs/schedule'
import { Config } from '../config/config.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { isLoopback, networkOf, siteOf } from '../http/client-address.js'
import { Problem } from '../http/problem.js'
import { HashTurns } from './hash-turns.js'
import { headersOf, RateLimit, tooMany, type Count, type CountStore, type Rule } from './rate-limit.js'

const QUARTER_SECONDS = 15 * 60
const HOUR_SECONDS = 60 * 60
const HOUR_MS = HOUR_SECONDS * 1_000
const COME_BACK_SECONDS = 2
/** How many times as much there may be from a /48 of IPv6 as from each of its networks. */
const TIMES_A_SITE = 5

/** Who asks, before it is known who that is. */
export interface Caller {
  /** The address, as `clientOf` gives it. */
  client: string
  /** Sets headers of the answer, whatever it will be. */
  tell(headers: Record<string, string>): void
}

interface Place {
  limit: RateLimit
  key: string
}

interface LimitOfClients {
  ofNetwork: RateLimit
  ofSite: RateLimit
}

/** How often strangers may try. Whoever is over a limit is refused before a password is hashed. */
@Injectable()
export class AuthLimits {
  private readonly turns = new HashTurns()
  private readonly failuresPerAddress: LimitOfClients
  private readonly failuresPerClient: LimitOfClients
  private readonly registrations: LimitOfClients
  private readonly refreshes: RateLimit

  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
  ) {
    const store: CountStore = {
      query: async ({ text, values }) => {
        const rows = await work.query(text, values)
        return { rows, rowCount: rows.length }
      },
    }
    this.failuresPerAddress = limitOfClients(store, {
      name: 'sign-in',
      most: config.SIGN_IN_FAILURES_PER_ADDRESS,
      inSeconds: QUARTER_SECONDS,
      what: 'failed sign-ins with one address',
    })
    this.failuresPerClient = limitOfClients(store, {
      name: 'sign-in-client',
      most: config.SIGN_IN_FAILURES_PER_CLIENT,
      inSeconds: HOUR_SECONDS,
      what: 'failed sign-ins',
    })
    this.registrations = limitOfClients(store, {
      name: 'registration',
      most: config.REGISTRATIONS_PER_CLIENT,
      inSeconds: HOUR_SECONDS,
      what: 'registrations',
    })
    this.refreshes = new RateLimit(store, {
      name: 'refresh',
      most: config.REFRESHES_PER_SESSION,
      inSeconds: HOUR_SECONDS,
      what: 'refreshes of one session',
    })
  }

  /**
   * Judges a guess. It is counted before, so that of many at once only so many are judged, and not counted after all when
   * it was right or could not be judged.
   * @param judge gives nothing for a wrong one
   * @throws Problem 429
   */
  async guess<T>(email: string, caller: Caller, judge: () => Promise<T | undefined>): Promise<T | undefined> {
    const [address, ...addressAtSite] = this.placesOf(this.failuresPerAddress, caller, email)
    const others = [...addressAtSite, ...this.byClient(this.failuresPerClient, caller)]
    return this.inTurn([address, ...others], caller, async () => {
      const right = await judge().catch(async (error: unknown) => {
        await giveBack([address, ...others])
        throw error
      })
      if (right !== undefined) await Promise.all([address.limit.clear(address.key), giveBack(others)])
      return right
    })
  }

  /** @throws Problem 429 */
  register<T>(caller: Caller, hash: () => Promise<T>): Promise<T> {
    return this.inTurn(this.byClient(this.registrations, caller), caller, hash)
  }

  /** @throws Problem 429 */
  async refresh(sessionId: string, caller: Caller): Promise<void> {
    const place = { limit: this.refreshes, key: this.keyOf(sessionId) }
    refuseOver([place.limit.remembered(place.key)], caller)
    await takeAll([place], caller)
  }

  /** By the processes' own time, as it was written. */
  @Interval(HOUR_MS)
  async forgetExpired(): Promise<void> {
    await this.work.query(`delete from rate_limits where expire < $1`, [Date.now() - HOUR_MS])
  }

  /** Takes the places only when it is its turn: whoever waits holds none that another could need. */
  private async inTurn<T>(places: Place[], caller: Caller, work: () => Promise<T>): Promise<T> {
    refuseOver(
      places.map(({ limit, key }) => limit.remembered(key)),
      caller,
    )
    if (this.turns.isFull) throw tooManyAtOnce(caller)
    return this.turns.run(async () => {
      await takeAll(places, caller)
      return work()
    })
  }

  /** Programs and tests on a developer's machine all come from one client. */
  private byClient(limit: LimitOfClients, caller: Caller): Place[] {
    const isOurs = this.config.NODE_ENV !== 'production' && isLoopback(caller.client)
    return isOurs ? [] : this.placesOf(limit, caller)
  }

  /** A client's own, and that of the /48 of IPv6 that it is in. */
  private placesOf(limit: LimitOfClients, { client }: Caller, ...parts: string[]): [Place, ...Place[]] {
    const site = siteOf(client)
    const own = { limit: limit.ofNetwork, key: this.keyOf(...parts, networkOf(client)) }
    return site === undefined ? [own] : [own, { limit: limit.ofSite, key: this.keyOf(...parts, site) }]
  }

  /** Tells nobody who reads the table whose address it was, nor those who try all addresses without our key. */
  private keyOf(...parts: string[]): string {
    return createHmac('sha256', this.config.JWT_SECRET)
      .update(`rate limit ${JSON.stringify(parts)}`)
      .digest('base64url')
  }
}

function limitOfClients(store: CountStore, rule: Rule): LimitOfClients {
  const { name, most, what } = rule
  const site = { name: `${name}-site`, most: most * TIMES_A_SITE, what: `${what} from one /48 of IPv6` }
  return {
    ofNetwork: new RateLimit(store, { ...rule, what: `${what} from one client` }),
    ofSite: new RateLimit(store, { ...rule, ...site }),
  }
}

async function takeAll(places: Place[], caller: Caller): Promise<void> {
  const counts: Count[] = []
  for (const { limit, key } of places) {
    counts.push(await limit.take(key))
    refuseOver(counts, caller)
  }
}

async function giveBack(places: Place[]): Promise<void> {
  await Promise.all(places.map(({ limit, key }) => limit.giveBack(key)))
}

function refuseOver(counts: (Count | undefined)[], caller: Caller): void {
  const known = counts.filter((count) => count !== undefined)
  if (known.length > 0) caller.tell(headersOf(known))
  const over = known.find(({ isOver }) => isOver)
  if (over) throw tooMany(over)
}

function tooManyAtOnce(caller: Caller): Problem {
  caller.tell({ 'retry-after': `${COME_BACK_SECONDS}` })
  const sentence = `Too many sign-ins are under way; try again in ${COME_BACK_SECONDS} seconds`
  return new Problem(429, 'too_many_at_once', sentence)
}
