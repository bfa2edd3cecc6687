import { Injectable } from '@nestjs/common'
import { Interval } from '@nestjs/schedule'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Problem } from '../http/problem.js'
import { hashOf, RefreshTokens } from './refresh-tokens.js'
import { Standings } from './standings.service.js'

export interface Device {
  ipAddress: string
  userAgent: string | null
}

export interface OpenSession {
  sessionId: string
  refreshToken: string
  /** By the database's clock, in seconds since 1970: processes whose own clocks differ agree on it. */
  issuedAt: number
}

/** Sessions live by the world's time, as access tokens do: tests that stop the clock stay signed in. */
const LIFETIME = '30 days'
const HOUR_MS = 3_600_000
const MOST_PER_USER = 50
/** Two tabs that refresh at once, or a client whose answer was lost, are no theft. */
const REPEATABLE = '60 seconds'
const ISSUED_AT = `floor(extract(epoch from now()))::int as "issuedAt"`

type Use = 'first' | 'repeated' | 'lost' | 'stolen'

interface Held {
  sessionId: string
  userId: string
  issuedAt: number
  tokenHash: string
  previousTokenHash: string | null
  isRepeatable: boolean
}

/** Of the session that a token is of, by its hash or by the id in it. */
const HELD = `select id as "sessionId", user_id as "userId", ${ISSUED_AT}, token_hash as "tokenHash",
    previous_token_hash as "previousTokenHash", rotated_at > now() - interval '${REPEATABLE}' as "isRepeatable"
  from session where (token_hash = $1 or previous_token_hash = $1 or id = $2::uuid) and expires_at > now()`

/** Signed-in devices and their rotating refresh tokens. */
@Injectable()
export class Sessions {
  constructor(
    private readonly work: UnitOfWork,
    private readonly refreshTokens: RefreshTokens,
    private readonly standings: Standings,
  ) {}

  /** Signs a user in; beyond 50 sessions, the oldest ends. None when the user has been removed meanwhile. */
  async open(tx: Transaction, userId: string, device: Device): Promise<OpenSession | undefined> {
    // One sign-in at a time: of two that do not see each other's session, each would leave one too many.
    const [made] = await tx.query<{ sessionId: string; issuedAt: number }>(
      `select gen_random_uuid() as "sessionId", ${ISSUED_AT} from "user" where id = $1 for no key update`,
      [userId],
    )
    if (!made) return undefined
    const { sessionId, issuedAt } = made
    const refreshToken = this.refreshTokens.first(sessionId)
    tx.write(
      `insert into session (id, user_id, token_hash, expires_at, ip_address, user_agent)
       values ($1, $2, $3, now() + interval '${LIFETIME}', $4, $5)`,
      [sessionId, userId, hashOf(refreshToken), device.ipAddress, device.userAgent],
    )
    tx.write(
      `delete from session where id in (
         select id from session where user_id = $1 order by id = $2 desc, expires_at > now() desc, created_at desc, id
         offset ${MOST_PER_USER})`,
      [userId, sessionId],
    )
    return { sessionId, refreshToken, issuedAt }
  }

  /**
   * Trades a refresh token for its successor, and answers a repeat within 60 s alike. An older token of the family is
   * in two hands: the session ends.
   * @throws Problem 401
   */
  async rotate(refreshToken: string): Promise<OpenSession & { userId: string }> {
    const outcome = await this.work.run(async (tx) => {
      const [held] = await tx.query<Held>(`${HELD} for update`, this.namesOf(refreshToken))
      if (!held) return undefined
      const next = this.refreshTokens.successor(refreshToken, held.sessionId)
      const use = this.useOf(held, refreshToken)
      if (use === 'first') await this.replace(tx, held.sessionId, hashOf(next))
      if (use === 'stolen') await this.endWithin(tx, held.sessionId)
      return { ...held, use, refreshToken: next }
    })
    if (!outcome || !isGood(outcome.use)) throw invalidRefreshToken()
    return outcome
  }

  /**
   * What `rotate` would make of it, without a lock: one query, and no transaction, is all that a made-up token costs.
   * @throws Problem 401 when it is no live session's
   */
  async judge(refreshToken: string): Promise<{ sessionId: string; isGood: boolean }> {
    const [held] = await this.work.query<Held>(HELD, this.namesOf(refreshToken))
    if (!held) throw invalidRefreshToken()
    return { sessionId: held.sessionId, isGood: isGood(this.useOf(held, refreshToken)) }
  }

  async end(sessionId: string): Promise<void> {
    await this.work.run((tx) => this.endWithin(tx, sessionId))
  }

  @Interval(HOUR_MS)
  async forgetExpired(): Promise<void> {
    await this.work.query(`delete from session where expires_at < now()`)
  }

  private namesOf(refreshToken: string): (string | null)[] {
    return [hashOf(refreshToken), this.refreshTokens.sessionOf(refreshToken) ?? null]
  }

  /** `lost`: 0.2.0 traded it, for a successor that only its own answer told. */
  private useOf(held: Held, refreshToken: string): Use {
    const hash = hashOf(refreshToken)
    if (held.tokenHash === hash) return 'first'
    if (held.previousTokenHash !== hash || !held.isRepeatable) return 'stolen'
    const next = this.refreshTokens.successor(refreshToken, held.sessionId)
    return held.tokenHash === hashOf(next) ? 'repeated' : 'lost'
  }

  private async replace(tx: Transaction, sessionId: string, hash: string): Promise<void> {
    await tx.query(
      `update session set previous_token_hash = token_hash, token_hash = $2, rotated_at = now(),
              expires_at = now() + interval '${LIFETIME}' where id = $1`,
      [sessionId, hash],
    )
  }

  private async endWithin(tx: Transaction, sessionId: string): Promise<void> {
    tx.whenOver(() => this.standings.forget(sessionId))
    await tx.query(`delete from session where id = $1`, [sessionId])
  }
}

const isGood = (use: Use) => use === 'first' || use === 'repeated'

const invalidRefreshToken = () =>
  new Problem(401, 'invalid_refresh_token', 'This refresh token is not valid any more; sign in again')
