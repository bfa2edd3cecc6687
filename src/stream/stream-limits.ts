import { Injectable } from '@nestjs/common'

/** What bounds the streams of a process. */
@Injectable()
export class StreamLimits {
  readonly streamsPerTenant: number = 20
  /** Events read at once: a reader that does not keep up costs no more memory than this. */
  readonly pageSize: number = 100
  /** Proxies cut connections that say nothing for a minute. */
  readonly heartbeatMs: number = 15_000
  /** Wake-ups are hints: this finds what no hint told of. */
  readonly pollMs: number = 2_000
  /** One look serves all that is committed meanwhile. */
  readonly gapMs: number = 20
  /** How soon to look again for events that wait for an older transaction to end; at most, while it does not. */
  readonly settleMs: number = 20
  readonly settleAtMostMs: number = 500
  /** How long a client may take to receive what is on its way when its stream ends. */
  readonly goodbyeMs: number = 1_000
}
