import { createHash, randomBytes } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Interval } from '@nestjs/schedule'
import { LRUCache } from 'lru-cache'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Problem } from '../http/problem.js'

export interface Device {
  ipAddress: string
  userAgent: string | null
}

const LIFETIME = '30 days'
const HOUR_MS = 3_600_000
/** Two tabs that refresh at once are no theft. */
const SAME_MOMENT_MS = 10_000
/** How long another process may still accept a session that was ended here. */
const KNOWN_LIVE_MS = 5_000

/** Signed-in devices and their rotating refresh tokens. */
@Injectable()
export class Sessions {
  private readonly known = new LRUCache<string, true>({ max: 10_000, ttl: KNOWN_LIVE_MS })

  constructor(private readonly work: UnitOfWork) {}

  async open(
    tx: Transaction,
    userId: string,
    device: Device,
  ): Promise<{ sessionId: string; refreshToken: string }> {
    const refreshToken = randomBytes(32).toString('base64url')
    const [session] = await tx.query<{ id: string }>(
      `insert into session (user_id, token_hash, expires_at, ip_address, user_agent)
       values ($1, $2, now() + interval '${LIFETIME}', $3, $4) returning id`,
      [userId, hashOf(refreshToken), device.ipAddress, device.userAgent],
    )
    return { sessionId: session!.id, refreshToken }
  }

  /**
   * Trades a refresh token for the next one. One that was traded before is in two hands: its session ends.
   * @throws Problem 401
   */
  async rotate(refreshToken: string): Promise<{ sessionId: string; userId: string; refreshToken: string }> {
    const next = randomBytes(32).toString('base64url')
    const [rotated] = await this.work.run((tx) =>
      tx.query<{ sessionId: string; userId: string }>(
        `update session set previous_token_hash = token_hash, token_hash = $2, rotated_at = now(),
                expires_at = now() + interval '${LIFETIME}'
         where token_hash = $1 and expires_at > now() returning id as "sessionId", user_id as "userId"`,
        [hashOf(refreshToken), hashOf(next)],
      ),
    )
    if (rotated) return { ...rotated, refreshToken: next }
    await this.endIfStolen(refreshToken)
    throw new Problem(401, 'invalid_refresh_token', 'This refresh token is not valid any more; sign in again')
  }

  async end(sessionId: string): Promise<void> {
    this.known.delete(sessionId)
    await this.work.run((tx) => tx.query(`delete from session where id = $1`, [sessionId]))
  }

  async isLive(sessionId: string): Promise<boolean> {
    if (this.known.has(sessionId)) return true
    const [session] = await this.work.query(`select 1 from session where id = $1 and expires_at > now()`, [
      sessionId,
    ])
    if (session) this.known.set(sessionId, true)
    return session !== undefined
  }

  @Interval(HOUR_MS)
  async forgetExpired(): Promise<void> {
    await this.work.query(`delete from session where expires_at < now()`)
  }

  private async endIfStolen(refreshToken: string): Promise<void> {
    const [stolen] = await this.work.query<{ id: string }>(
      `select id from session where previous_token_hash = $1 and rotated_at < now() - $2 * interval '1 millisecond'`,
      [hashOf(refreshToken), SAME_MOMENT_MS],
    )
    if (stolen) await this.end(stolen.id)
  }
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
