import { createHash } from 'node:crypto'
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { from, lastValueFrom, type Observable } from 'rxjs'
import { UnitOfWork } from '../database/unit-of-work.js'
import { ACTS_ON_SESSION } from './acts-on-session.decorator.js'
import { IdempotencyAnswers, KeyTaken, type KeptAnswer, type KeyedRequest } from './idempotency-answers.js'
import type { Principal } from './principal.js'
import { invalid } from './problem.js'

type Request = FastifyRequest & { user?: Principal }

/**
 * Honours `Idempotency-Key` on POST: the same key with the same request gets the first answer again, and is carried out
 * once (draft-ietf-httpapi-idempotency-key-header). Its answer commits with what it did (ADR 26). Failures are not kept:
 * they may be tried again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly work: UnitOfWork,
    private readonly answers: IdempotencyAnswers,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>()
    const key = request.headers['idempotency-key']
    const { user } = request
    if (request.method !== 'POST' || key === undefined || !user) return next.handle()
    const reply = context.switchToHttp().getResponse<FastifyReply>()
    const isOfSession = this.reflector.get<boolean | undefined>(ACTS_ON_SESSION, context.getHandler())
    return from(
      this.once(
        {
          tenantId: user.tenantId,
          principalId: isOfSession ? user.sessionId : user.userId,
          route: `${request.method} ${request.routeOptions.url}`,
          key: keyOf(key),
          fingerprint: fingerprintOf(request),
        },
        reply,
        next,
      ),
    )
  }

  private async once(request: KeyedRequest, reply: FastifyReply, next: CallHandler): Promise<unknown> {
    const kept = await this.answers.find(request) // spares what comes before the transaction, such as parsing a mail
    if (kept) return replay(kept, reply)
    try {
      return await this.work.runAsOne(
        () => lastValueFrom(next.handle(), { defaultValue: undefined }) as Promise<unknown>,
        (tx) => this.answers.claim(tx, request),
        (tx, body) => this.answers.keep(tx, request, { statusCode: reply.statusCode, body }),
      )
    } catch (error) {
      const first = error instanceof KeyTaken ? await this.answers.find(request) : undefined
      if (!first) throw error
      return replay(first, reply)
    }
  }
}

function replay({ statusCode, body }: KeptAnswer, reply: FastifyReply): unknown {
  reply.code(statusCode).header('idempotency-replayed', 'true')
  return body
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
