import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { Problem } from '../http/problem.js'

export interface Rule {
  /** In headers, and the prefix of keys. */
  name: string
  most: number
  inSeconds: number
  /** What there may be so many of, such as `registrations from one client`. */
  what: string
}

/** How the one who asks stands. */
export interface Count {
  rule: Rule
  isOver: boolean
  left: number
  /** Until it begins anew. */
  seconds: number
}

/** What RateLimiterPostgres asks of a client of PostgreSQL. */
export interface CountStore {
  query(statement: { text: string; values: unknown[] }): Promise<{ rows: unknown[]; rowCount: number }>
}

/** What the library's types leave out. */
interface Memory {
  getInMemoryBlockMsBeforeExpire(key: string): number
}

/** How often something may be done, counted by all processes in one row a key, in windows that begin with the first. */
export class RateLimit {
  private readonly limiter: RateLimiterPostgres

  constructor(
    store: CountStore,
    private readonly rule: Rule,
  ) {
    this.limiter = new RateLimiterPostgres({
      storeClient: store,
      storeType: 'client',
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix: rule.name,
      points: rule.most,
      duration: rule.inSeconds,
      // From the first refusal on a process remembers: a flood neither writes nor asks.
      inMemoryBlockOnConsumed: rule.most + 1,
    })
  }

  /** What this process remembers of a key that is over its limit. */
  remembered(key: string): Count | undefined {
    const ms = (this.limiter as unknown as Memory).getInMemoryBlockMsBeforeExpire(this.limiter.getKey(key))
    return ms > 0 ? this.countOf(new RateLimiterRes(0, ms), true) : undefined
  }

  /** Counts one, in one statement: of those who ask at once, wherever, no more than the limit get through. */
  async take(key: string): Promise<Count> {
    try {
      return this.countOf(await this.limiter.consume(key), false)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      return this.countOf(refusal, true)
    }
  }

  async giveBack(key: string): Promise<void> {
    await this.limiter.reward(key)
  }

  /** Forgets all that was counted, also what this process remembers. */
  async clear(key: string): Promise<void> {
    await this.limiter.delete(key)
  }

  private countOf({ remainingPoints, msBeforeNext }: RateLimiterRes, isOver: boolean): Count {
    return { rule: this.rule, isOver, left: remainingPoints, seconds: Math.ceil(msBeforeNext / 1_000) }
  }
}

/** As draft-ietf-httpapi-ratelimit-headers-10 has them; with `retry-after` where one is over its limit. */
export function headersOf(counts: Count[]): Record<string, string> {
  const over = counts.filter(({ isOver }) => isOver).map(({ seconds }) => seconds)
  return {
    'ratelimit-policy': counts
      .map(({ rule }) => `"${rule.name}";q=${rule.most};w=${rule.inSeconds}`)
      .join(', '),
    ratelimit: counts.map(({ rule, left, seconds }) => `"${rule.name}";r=${left};t=${seconds}`).join(', '),
    ...(over.length > 0 && { 'retry-after': `${Math.max(...over)}` }),
  }
}

export function tooMany({ rule: { most, inSeconds, what }, seconds }: Count): Problem {
  const sentence = `There may be ${most} ${what} in ${inSeconds / 60} minutes; try again in ${seconds} seconds`
  return new Problem(429, 'too_many_attempts', sentence)
}
