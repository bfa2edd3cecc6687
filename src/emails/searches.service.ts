import { Injectable } from '@nestjs/common'
import { Config } from '../config/config.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Problem } from '../http/problem.js'
import { FairTurns } from '../workers/fair-turns.js'

/** Searches use at most this part of the connections: whoever lists or answers mail needs the others. */
const PART_OF_POOL = 4
const MAX_WAITING = 500
/** A page that asks for fifty at once is quick; a hundred is no page. */
const MAX_WAITING_OF_TENANT = 100
/** Whoever looks at a page has not gone yet. */
const MAX_WAIT_MS = 10_000

interface Try {
  sql: string
  /** Of the time that a search has. */
  part: number
}

/**
 * Searches, within a time of their own and few at a time. How long one takes nobody knows before: see ADR 17.
 */
@Injectable()
export class Searches {
  private readonly turns: FairTurns

  constructor(
    private readonly work: UnitOfWork,
    private readonly config: Config,
  ) {
    this.turns = new FairTurns({
      places: Math.max(1, Math.floor(config.DATABASE_POOL_SIZE / PART_OF_POOL)),
      maxWaiting: MAX_WAITING,
      maxWaitingEach: MAX_WAITING_OF_TENANT,
      maxWaitMs: MAX_WAIT_MS,
    })
  }

  /**
   * @param ways of asking for the same. The first is given a moment, in which it mostly answers; then the other its share of
   * SEARCH_TIMEOUT_MS, and the first the rest
   * @throws Problem 503 `search_too_slow` after that; `too_many_searches` when too many are under way, 429 when they are
   * this tenant's
   */
  async find<Row>(
    tenantId: string,
    [first, other]: [first: string, other?: string],
    parameters: unknown[],
  ): Promise<Row[]> {
    const tries: Try[] = other
      ? [
          { sql: first, part: 0.05 },
          { sql: other, part: 0.45 },
          { sql: first, part: 0.5 },
        ]
      : [{ sql: first, part: 1 }]
    return this.turns.take(tenantId, tooMany, async () => {
      for (const { sql, part } of tries) {
        const rows = await this.inTime<Row>(sql, parameters, this.config.SEARCH_TIMEOUT_MS * part)
        if (rows) return rows
      }
      throw tooSlow()
    })
  }

  private async inTime<Row>(sql: string, parameters: unknown[], ms: number): Promise<Row[] | null> {
    try {
      return await this.work.run((tx) => {
        tx.write(FOR_A_SEARCH, [String(Math.ceil(ms))])
        return tx.query<Row>(sql, parameters)
      })
    } catch (error) {
      if ((error as { code?: string }).code === '57014') return null
      throw error
    }
  }
}

/**
 * For this transaction alone: behind PgBouncer the next one of this session may be another's. The sixth time that a connection
 * runs a statement, PostgreSQL would keep a plan that suits any words, which asks for all of a tenant's mails.
 */
const FOR_A_SEARCH = `select set_config('statement_timeout', $1, true),
  set_config('plan_cache_mode', 'force_custom_plan', true)`

const tooSlow = () =>
  new Problem(
    503,
    'search_too_slow',
    'The search took too long; search for rarer words, or use filters beside them',
  )

const tooMany = (isOwn: boolean) =>
  isOwn
    ? new Problem(429, 'too_many_searches', 'Too many searches of yours are under way; wait for some of them')
    : new Problem(503, 'too_many_searches', 'Too many searches are under way; try again')
