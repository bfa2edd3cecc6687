import { Injectable } from '@nestjs/common'
import { Cipher, UnreadableSecret } from '../config/cipher.js'
import { Clock } from '../database/clock.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { conflict, notFound } from '../http/problem.js'
import { newSecret } from './signing.js'
import { sealedFor } from './webhook-secrets.js'
import type { SecretView } from './webhook-secrets.view.js'

const UNREADABLE =
  'This secret is sealed with a key that the server does not have: its operator must give it back, or rotate the secret'
const USUAL_OVERLAP_HOURS = 24

/** The secrets that sign a webhook's deliveries. */
@Injectable()
export class WebhookSecrets {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
    private readonly clock: Clock,
  ) {}

  /** The one that signs from now on. @throws Problem 409 when the key that opens it is not here */
  async reveal(tenantId: string, id: number): Promise<SecretView> {
    const [row] = await this.work.query<SecretView>(
      `select secret, ${PREVIOUS_UNTIL(this.clock.sqlNow)} from webhooks where id = $1 and user_id = $2`,
      [id, tenantId],
    )
    if (!row) throw notFound('webhook')
    return { ...row, secret: this.opened(row.secret, tenantId) }
  }

  private opened(sealed: string, tenantId: string): string {
    try {
      return this.cipher.open(sealed, sealedFor(tenantId))
    } catch (error) {
      if (!(error instanceof UnreadableSecret)) throw error
      throw conflict('secret_unreadable', UNREADABLE)
    }
  }

  /**
   * The present secret signs beside the new one until the overlap ends; one before it is forgotten at once.
   * @param overlapHours none where the secret has leaked
   */
  rotate(tenantId: string, id: number, overlapHours = USUAL_OVERLAP_HOURS): Promise<SecretView> {
    const secret = newSecret()
    const { sqlNow } = this.clock
    return this.work.run(async (tx) => {
      const [rotated] = await tx.query<Pick<SecretView, 'previousUntil'>>(
        `update webhooks
         set secret = $3, version = version + 1, previous_secret = case when $4 > 0 then secret end,
             previous_secret_until = case when $4 > 0 then ${sqlNow} + $4 * interval '1 hour' end
         where id = $1 and user_id = $2
         returning ${PREVIOUS_UNTIL(sqlNow)}`,
        [id, tenantId, this.cipher.seal(secret, sealedFor(tenantId)), overlapHours],
      )
      if (!rotated) throw notFound('webhook')
      return { secret, ...rotated }
    })
  }
}

const PREVIOUS_UNTIL = (sqlNow: string) =>
  `case when previous_secret_until > ${sqlNow} then previous_secret_until end as "previousUntil"`
