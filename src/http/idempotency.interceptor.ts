import { createHash } from 'node:crypto'
import {
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { from, lastValueFrom, type Observable } from 'rxjs'
import type { Principal } from './principal.js'
import { Cipher } from '../config/cipher.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { conflict, invalid, Problem } from './problem.js'

interface Kept {
  fingerprint: string
  statusCode: number | null
  body: string | null
  mine: boolean
}

/** How long an answer is kept, and after how long a request that never finished may be tried again. */
export const KEEP = '24 hours'
const ABANDONED = '1 minute'

/**
 * Honours `Idempotency-Key` on POST: the same key with the same request gets the first answer again, and is
 * carried out once (draft-ietf-httpapi-idempotency-key-header). Failures are not kept: they may be tried again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly logger = new Logger(IdempotencyInterceptor.name)

  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Principal }>()
    const key = request.headers['idempotency-key']
    if (request.method !== 'POST' || key === undefined || !request.user) return next.handle()
    const reply = context.switchToHttp().getResponse<FastifyReply>()
    return from(this.once(request.user.tenantId, keyOf(key), fingerprintOf(request), reply, next))
  }

  private async once(
    tenantId: string,
    key: string,
    fingerprint: string,
    reply: FastifyReply,
    next: CallHandler,
  ) {
    const kept = await this.take(tenantId, key, fingerprint)
    if (kept.fingerprint !== fingerprint)
      throw new Problem(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another request')
    if (!kept.mine) {
      if (kept.statusCode === null)
        throw conflict('request_in_progress', 'The first request with this key is under way')
      reply.code(kept.statusCode).header('idempotency-replayed', 'true')
      return JSON.parse(this.cipher.open(kept.body!, `idempotency:${tenantId}`)) as unknown
    }
    let body: unknown
    try {
      body = await lastValueFrom(next.handle(), { defaultValue: undefined })
    } catch (error) {
      await this.work.query(`delete from idempotency_keys where user_id = $1 and key = $2`, [tenantId, key])
      throw error
    }
    // It has been carried out: a failure to keep the answer must not free the key.
    await this.keep(tenantId, key, reply.statusCode, body).catch((error: Error) => this.logger.error(error))
    return body
  }

  private async take(tenantId: string, key: string, fingerprint: string): Promise<Kept> {
    const [mine] = await this.work.query<Kept>(
      `insert into idempotency_keys as k (user_id, key, fingerprint) values ($1, $2, $3)
       on conflict (user_id, key) do update set fingerprint = $3, status_code = null, body = null, created_at = now()
         where k.created_at < now() - interval '${KEEP}'
            or (k.status_code is null and k.created_at < now() - interval '${ABANDONED}')
       returning fingerprint, status_code as "statusCode", body, true as mine`,
      [tenantId, key, fingerprint],
    )
    if (mine) return mine
    const [kept] = await this.work.query<Kept>(
      `select fingerprint, status_code as "statusCode", body, false as mine
       from idempotency_keys where user_id = $1 and key = $2`,
      [tenantId, key],
    )
    return kept ?? { fingerprint, statusCode: null, body: null, mine: false }
  }

  private async keep(tenantId: string, key: string, statusCode: number, body: unknown): Promise<void> {
    // Sealed: an answer may hold a secret that is shown only once.
    const sealed = this.cipher.seal(JSON.stringify(body ?? null), `idempotency:${tenantId}`)
    await this.work.query(
      `update idempotency_keys set status_code = $3, body = $4 where user_id = $1 and key = $2`,
      [tenantId, key, statusCode, sealed],
    )
  }
}

function keyOf(header: string | string[]): string {
  const key = String(header)
  if (key.length < 1 || key.length > 255) throw invalid('Idempotency-Key', 'must have 1 to 255 characters')
  return key
}

function fingerprintOf(request: FastifyRequest): string {
  const body = Buffer.isBuffer(request.body) ? request.body : JSON.stringify(request.body ?? null)
  return createHash('sha256').update(`${request.method} ${request.url}\n`).update(body).digest('hex')
}
