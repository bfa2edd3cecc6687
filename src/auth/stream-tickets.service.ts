import { createHash, randomBytes } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { Principal } from '../http/principal.js'
import { Problem } from '../http/problem.js'
import { Standings } from './standings.service.js'

export const TICKET_SECONDS = 30

/** Let a program in once that can send no Authorization: EventSource knows a URL only. The database holds their hashes. */
@Injectable()
export class StreamTickets {
  constructor(
    private readonly work: UnitOfWork,
    private readonly standings: Standings,
  ) {}

  /** For the session that asks, in any process. Takes those away that nobody used. */
  async issue({ sessionId, expiresAt }: Principal): Promise<{ ticket: string; expiresAt: Date }> {
    const ticket = randomBytes(32).toString('base64url')
    const [issued] = await this.work.query<{ expiresAt: Date }>(
      `with swept as (delete from stream_tickets where expires_at < now())
       insert into stream_tickets (hash, session_id, ends_at, expires_at)
       values ($1, $2, $3, least($3, now() + make_interval(secs => $4))) returning expires_at as "expiresAt"`,
      [hashOf(ticket), sessionId, expiresAt, TICKET_SECONDS],
    )
    return { ticket, expiresAt: issued!.expiresAt }
  }

  /** Whoever comes first has it; what it opens ends with the access token that asked for it. @throws Problem 401 */
  async redeem(ticket: string): Promise<Principal> {
    const [used] = await this.work.query<{ sessionId: string; endsAt: Date; isGood: boolean }>(
      `with used as (delete from stream_tickets where hash = $1 returning *)
       select session_id as "sessionId", ends_at as "endsAt", expires_at > now() as "isGood" from used`,
      [hashOf(ticket)],
    )
    const standing = used?.isGood ? await this.standings.of(used.sessionId) : undefined
    if (!standing)
      throw new Problem(
        401,
        'ticket_refused',
        'This ticket was used, has expired or is none: get another one',
      )
    const { userId, tenantId, role, sessionId } = standing
    return { userId, tenantId, role, sessionId, expiresAt: used!.endsAt }
  }
}

const hashOf = (ticket: string) => createHash('sha256').update(ticket).digest()
