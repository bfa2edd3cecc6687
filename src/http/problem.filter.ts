import { STATUS_CODES } from 'node:http'
import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseOutage } from '../database/database-outage.js'
import { isUnavailable } from '../database/unavailable.js'
import { MOST_FAULTS, notFound, Problem, type FieldError } from './problem.js'

/** Every error leaves as `application/problem+json` with a stable code; the unexpected is logged and says nothing. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name)

  constructor(private readonly outage: DatabaseOutage) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const request = http.getRequest<FastifyRequest>()
    const reply = http.getResponse<FastifyReply>()
    const problem = asProblem(error)
    const told = { requestId: request.id, code: problem.code, msg: problem.detail }
    if (error instanceof Problem && problem.getStatus() >= 500)
      this.logger.warn(told) // as we mean it
    else if (problem.getStatus() >= 500 && !this.outage.explains(error))
      this.logger.error({ err: error, requestId: request.id })
    if (reply.raw.headersSent) return
    sendProblem(reply, problem, request.id)
  }
}

/** Bytes, as JSON. A problem has up to 16 KiB altogether, whatever it quotes of the input. */
const MOST_DETAIL = 2 * 1024
const MOST_ERRORS = 12 * 1024
const TRY_AGAIN_SECONDS = 5
const MAY_BE_TRIED = new Set([429, 503])

export function sendProblem(reply: FastifyReply, problem: Problem, requestId: string): void {
  const status = problem.getStatus()
  const { code } = problem
  const detail = cut(problem.detail, MOST_DETAIL)
  const errors = problem.errors && fewOf(problem.errors)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (MAY_BE_TRIED.has(status) && !reply.hasHeader('retry-after'))
    reply.header('retry-after', String(TRY_AGAIN_SECONDS))
  void reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title: STATUS_CODES[status], status, code, detail, errors, requestId })
}

/** The first ones, as many as an answer may have. */
function fewOf(errors: FieldError[]): FieldError[] {
  let left = MOST_ERRORS
  return errors
    .slice(0, MOST_FAULTS)
    .map(({ field, message }) => ({ field: cut(field, 300), message: cut(message, 500) }))
    .filter((error) => (left -= bytesOf(error)) >= 0)
}

function cut(text: string, most: number): string {
  if (bytesOf(text) <= most) return text
  let start = text.slice(0, most)
  while (bytesOf(start) > most - 3) start = start.slice(0, Math.floor(start.length * 0.9))
  return `${start.toWellFormed()}…`
}

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof HttpException) return fromHttp(error)
  const { statusCode, message } = error as { statusCode?: number; message?: string }
  // A part of the path above maxParamLength: no id is as long.
  if (statusCode === 414) return notFound('path')
  // Fastify's own refusals carry a status: a body too large, malformed JSON, an unsupported media type.
  if (statusCode && statusCode >= 400 && statusCode < 500)
    return new Problem(statusCode, codeOf(statusCode), message ?? '')
  return (
    databaseProblem(error) ??
    new Problem(500, 'internal_error', 'Something went wrong here; it has been logged')
  )
}

function fromHttp(error: HttpException): Problem {
  const status = error.getStatus()
  return new Problem(status, codeOf(status), error.message)
}

/** Columns that refer to a user. */
const PEOPLE = ['user_id', 'author_id', 'actor_id']

/** What PostgreSQL says of two callers who did the same at once, or of one who came while it was away. */
function databaseProblem(error: unknown): Problem | undefined {
  const { code, constraint, table } = (error ?? {}) as { code?: string; constraint?: string; table?: string }
  // The one who asks was removed while the request was under way.
  if (code === '23503' && PEOPLE.some((column) => constraint === `${table}_${column}_fkey`))
    return new Problem(401, 'session_ended', 'This session has ended; sign in again')
  if (code === '23505')
    return new Problem(409, 'already_exists', 'Another request has just created the same thing')
  if (code === '40001' || code === '40P01')
    return new Problem(409, 'try_again', 'Another request changed the same thing; try again')
  if (isUnavailable(error))
    return new Problem(503, 'database_unavailable', 'The database does not answer; try again')
  return undefined
}

const codeOf = (status: number) => (STATUS_CODES[status] ?? 'error').toLowerCase().replaceAll(/\W+/g, '_')
