import { Injectable } from '@nestjs/common'
import { Cipher, UnreadableSecret } from '../config/cipher.js'
import type { SealedColumns } from '../config/sealed-columns.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { conflict, Problem } from './problem.js'

/** Whose request it is, and which. */
export interface KeyedRequest {
  tenantId: string
  principalId: string
  route: string
  key: string
  fingerprint: string
}

export interface KeptAnswer {
  statusCode: number
  body: unknown
}

/** The request was carried out before: nothing of it may be written again. */
export class KeyTaken extends Problem {
  constructor() {
    super(409, 'request_in_progress', 'The first request with this Idempotency-Key is still under way')
  }
}

/** For how long an answer is kept. */
export const KEEP = '24 hours'
const LOCK_TIMEOUT = '5s'
/** Characters of JSON. Who asks for megabytes with a new key each time would fill the disk for a day. */
const MOST_KEPT = 64 * 1024

/** The answers to requests with an Idempotency-Key, sealed: one may hold a secret that is shown only once. */
@Injectable()
export class IdempotencyAnswers {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
  ) {}

  /** @throws Problem 422 when the key was used for another request, 409 when its answer was not kept */
  async find(request: KeyedRequest): Promise<KeptAnswer | undefined> {
    const [kept] = await this.work.query<{ fingerprint: string; statusCode: number; body: string | null }>(
      `select fingerprint, status_code as "statusCode", body from idempotency_answers
       where ${THIS} and created_at >= now() - interval '${KEEP}'`,
      placeOf(request),
    )
    if (!kept) return undefined
    if (kept.fingerprint !== request.fingerprint)
      throw new Problem(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another request')
    const { statusCode, body } = kept
    if (body === null) throw conflict('already_carried_out', TOO_LONG)
    return { statusCode, body: this.opened(body, request) }
  }

  /**
   * Waits for whoever carries out the same request at this moment.
   * @throws KeyTaken when it was carried out, or takes too long
   */
  async claim(tx: Transaction, request: KeyedRequest): Promise<void> {
    tx.write(`set local lock_timeout = '${LOCK_TIMEOUT}'`, [])
    const claimed = tx.query(
      `insert into idempotency_answers as a (user_id, principal_id, route, key, fingerprint) values ($1, $2, $3, $4, $5)
       on conflict (user_id, principal_id, route, key)
         do update set fingerprint = excluded.fingerprint, status_code = null, body = null, created_at = now()
         where a.created_at < now() - interval '${KEEP}'
       returning true`,
      [...placeOf(request), request.fingerprint],
    )
    const [mine] = await claimed.catch((error: { code?: string }) => {
      throw error.code === LOCK_NOT_AVAILABLE ? new KeyTaken() : error
    })
    tx.write('set local lock_timeout to default', [])
    if (!mine) throw new KeyTaken()
  }

  private opened(sealed: string, request: KeyedRequest): unknown {
    try {
      return JSON.parse(this.cipher.open(sealed, sealedFor(request.tenantId)))
    } catch (error) {
      if (!(error instanceof UnreadableSecret)) throw error
      throw conflict(
        'answer_unreadable',
        'This request was carried out; its answer cannot be opened any more',
      )
    }
  }

  /** Of an answer that is too long, that there was one: a repeat is told so, and carried out no second time. */
  async keep(tx: Transaction, request: KeyedRequest, { statusCode, body }: KeptAnswer): Promise<void> {
    const text = JSON.stringify(body ?? null)
    const sealed = text.length > MOST_KEPT ? null : this.cipher.seal(text, sealedFor(request.tenantId))
    tx.write(`update idempotency_answers set status_code = $5, body = $6 where ${THIS}`, [
      ...placeOf(request),
      ...[statusCode, sealed],
    ])
  }
}

const TOO_LONG = 'This request was carried out; its answer was too long to be kept for repeats'
const LOCK_NOT_AVAILABLE = '55P03'
const THIS = 'user_id = $1 and principal_id = $2 and route = $3 and key = $4'

const placeOf = ({ tenantId, principalId, route, key }: KeyedRequest) => [tenantId, principalId, route, key]

/** What an answer is bound to. */
const sealedFor = (tenantId: string) => `idempotency:${tenantId}`

export const SEALED_ANSWERS: SealedColumns[] = ['idempotency_answers', 'idempotency_keys'].map((table) => ({
  table,
  columns: ['body'],
  boundTo: sealedFor,
}))
