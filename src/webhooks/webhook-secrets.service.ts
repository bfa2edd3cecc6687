import { Injectable } from '@nestjs/common'
import { Cipher } from '../config/cipher.js'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { conflict, notFound } from '../http/problem.js'
import { newSecret, verificationOf } from './signing.js'
import type { RotateDto } from './webhook-secrets.dto.js'
import { formerSecrets, openedBy, sealedFor, type FormerSecret } from './webhook-secrets.js'
import type { SecretView } from './webhook-secrets.view.js'
import type { Webhook } from './webhook.entity.js'

const UNREADABLE =
  'This secret is sealed with a key that the server does not have: its operator must give it back, or rotate the secret'
const USUAL_OVERLAP_HOURS = 24
const HOUR_MS = 60 * 60_000
/** Each makes the header of every delivery longer. */
const MOST_FORMER = 10

/** The secrets that sign a webhook's deliveries. */
@Injectable()
export class WebhookSecrets {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
    private readonly clock: Clock,
  ) {}

  /** The one that signs from now on. @throws Problem 409 when the key that opens it is not here */
  reveal(tenantId: string, id: number): Promise<SecretView> {
    return this.work.run(async (tx) => {
      const { secret, signatureKey, ...row } = await find(tx, tenantId, id)
      const until = lastEnd(stillSigning(row, await tx.now()))
      return viewOf(this.opened(secret, tenantId), signatureKey, until)
    })
  }

  /**
   * Each secret before the new one signs beside it until the end that it was promised.
   * @throws Problem 409 where ten still sign
   */
  rotate(tenantId: string, id: number, input: RotateDto): Promise<SecretView> {
    const { overlapHours = USUAL_OVERLAP_HOURS, endFormer = false } = input
    const secret = newSecret()
    return this.work.run(async (tx) => {
      const { signatureKey, ...row } = await find(tx, tenantId, id, 'for no key update')
      const now = await tx.now()
      const until = new Date(now.getTime() + overlapHours * HOUR_MS)
      // What is lost signs nothing, whatever it was promised.
      const earlier = endFormer
        ? []
        : stillSigning(row, now).filter((former) => this.canOpen(former.secret, tenantId))
      if (earlier.length >= MOST_FORMER) throw tooMany()
      const signs = overlapHours > 0 && this.canOpen(row.secret, tenantId) // one that is lost would hold up all deliveries
      const former = signs ? [{ secret: row.secret, until }, ...earlier] : earlier
      const [newest] = former
      tx.write(
        `update webhooks set secret = $2, version = version + 1, former_secrets = $3,
           previous_secret = $4, previous_secret_until = $5, updated_at = ${this.clock.sqlNow} where id = $1`,
        [
          ...[id, this.cipher.seal(secret, sealedFor(tenantId)), JSON.stringify(former)],
          ...[newest?.secret ?? null, newest?.until ?? null], // for processes of the release before this
        ],
      )
      return viewOf(secret, signatureKey, lastEnd(former))
    })
  }

  private opened(sealed: string, tenantId: string): string {
    const secret = openedBy(this.cipher, sealed, tenantId)
    if (secret === undefined) throw conflict('secret_unreadable', UNREADABLE)
    return secret
  }

  private canOpen(sealed: string, tenantId: string): boolean {
    return openedBy(this.cipher, sealed, tenantId) !== undefined
  }
}

type Row = Pick<
  Webhook,
  'secret' | 'signatureKey' | 'formerSecrets' | 'previousSecret' | 'previousSecretUntil'
>

/** @throws Problem 404 */
async function find(tx: Transaction, tenantId: string, id: number, lock = ''): Promise<Row> {
  const [row] = await tx.query<Row>(
    `select secret, signature_key as "signatureKey", former_secrets as "formerSecrets",
       previous_secret as "previousSecret", previous_secret_until as "previousSecretUntil"
     from webhooks where id = $1 and user_id = $2 ${lock}`,
    [id, tenantId],
  )
  if (!row) throw notFound('webhook')
  return row
}

const stillSigning = (row: Parameters<typeof formerSecrets>[0], now: Date): FormerSecret[] =>
  formerSecrets(row).filter(({ until }) => until > now)

const lastEnd = (former: FormerSecret[]): Date | null =>
  former.length > 0 ? new Date(Math.max(...former.map(({ until }) => until.getTime()))) : null

const viewOf = (
  secret: string,
  signatureKey: Webhook['signatureKey'],
  previousUntil: Date | null,
): SecretView => ({ secret, signatureKey, verification: verificationOf(signatureKey), previousUntil })

const tooMany = () =>
  conflict(
    'too_many_secrets',
    `${MOST_FORMER} secrets before this one still sign; wait until one ends, or end them all with endFormer`,
  )
