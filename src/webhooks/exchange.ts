import type { Dispatcher } from 'undici'
import { detailOf, nameOf, type AttemptError } from './attempt-error.js'
import { isYes, type Attempt } from './attempt.js'
import { decompressedText, RESPONSE_LIMIT, textOf, type ResponseText } from './response-body.js'
import { retryAfterMs } from './retry-after.js'

type Controller = Dispatcher.DispatchController
type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]

/**
 * One request and its answer, as undici reports them, told once as an attempt.
 *
 * The deadline is ours and settles by itself: undici's timers measure silence, not the whole, and an abort waits
 * with it for a connection that is still being made.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  private readonly startedAt = performance.now()
  private readonly deadline: NodeJS.Timeout
  private readonly chunks: Buffer[] = []
  private controller: Controller | undefined
  private isOver = false
  private size = 0
  private hints = 0
  private statusCode: number | null = null
  private retryAfterMs: number | null = null
  private encoding: string | undefined

  constructor(
    timeoutMs: number,
    private readonly now: () => Date,
    private readonly tell: (attempt: Attempt) => void,
  ) {
    this.deadline = setTimeout(() => this.stop('timed_out', `timed out after ${timeoutMs} ms`), timeoutMs)
  }

  /** A socket is ours, maybe long after the deadline. */
  onRequestStart(controller: Controller): void {
    this.controller = controller
    if (this.isOver) controller.abort(STOPPED)
  }

  onResponseStart(_controller: Controller, statusCode: number, headers: Headers): void {
    if (statusCode < 200) {
      if (++this.hints > MOST_HINTS) this.stop('invalid_response', `answered ${statusCode} without end`)
      return
    }
    this.statusCode = statusCode
    this.encoding = String(headers['content-encoding'] ?? '')
    if (statusCode === 429 || statusCode === 503)
      this.retryAfterMs = retryAfterMs(headers['retry-after'], this.now())
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.isOver) return
    this.chunks.push(chunk)
    this.size += chunk.length
    if (this.size <= RESPONSE_LIMIT) return
    this.answer()
    controller.abort(STOPPED)
  }

  onResponseEnd(): void {
    this.answer()
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.fail(error)
  }

  fail(error: Error): void {
    this.stop(nameOf(error), detailOf(error))
  }

  /**
   * Ends because of the connection or of time. A status that was read is what the receiver said, so that what came after it is
   * a remark; what has come of the body is kept.
   */
  private stop(error: AttemptError, detail: string): void {
    if (this.isOver) return
    const durationMs = this.close()
    const { statusCode } = this
    const said = statusCode === null ? { error, detail } : verdict(statusCode, error, detail)
    const responseBody = this.encoding ? null : textOf(Buffer.concat(this.chunks))
    this.settle(said, responseBody, durationMs)
    this.controller?.abort(STOPPED)
  }

  /** Ends with what the receiver said, be it yes or no. */
  private answer(): void {
    if (this.isOver) return
    const durationMs = this.close()
    const { text, fault } = this.body()
    this.settle(verdict(this.statusCode!, fault, fault && FAULTS[fault]), text, durationMs)
  }

  private close(): number {
    this.isOver = true
    clearTimeout(this.deadline)
    return Math.round(performance.now() - this.startedAt)
  }

  private body(): ResponseText {
    if (this.size === 0) return NO_BODY
    const bytes = Buffer.concat(this.chunks)
    const isTooLarge = this.size > RESPONSE_LIMIT
    if (this.encoding && !isTooLarge) return decompressedText(bytes, this.encoding)
    const text = this.encoding ? decompressedText(bytes, this.encoding).text : textOf(bytes)
    return { text, fault: isTooLarge ? 'response_too_large' : null }
  }

  private settle(said: Verdict, responseBody: string | null, durationMs: number): void {
    const { statusCode } = this
    this.tell({ statusCode, ...said, responseBody, retryAfterMs: this.retryAfterMs, durationMs })
  }
}

/** Responses of 1xx before the one that counts: each costs as much to read as a whole answer. */
const MOST_HINTS = 16
const STOPPED = new Error('The attempt is over')
const NO_BODY: ResponseText = { text: null, fault: null }
const SUCCESS = { error: null, detail: null }
const FAULTS = {
  response_too_large: `its body has more than ${RESPONSE_LIMIT} bytes`,
  undecodable_body: 'its body could not be decoded as its Content-Encoding says',
}

type Verdict = Pick<Attempt, 'error' | 'detail'>

/** @param remark what went wrong after the status, if anything did: beside a no it is told, but names nothing */
function verdict(status: number, remark: AttemptError | null, about: string | null): Verdict {
  const detail = `answered ${status}${about === null ? '' : `, but ${about}`}`
  if (isYes(status)) return remark === null ? SUCCESS : { error: remark, detail }
  const error = status === 410 ? 'gone' : status < 400 ? 'redirected' : 'unexpected_status'
  return { error, detail }
}
