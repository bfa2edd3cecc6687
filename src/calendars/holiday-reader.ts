import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { Problem, unprocessable } from '../http/problem.js'
import { FairTurns } from '../workers/fair-turns.js'
import { isOutOfMemory, MAX_THREADS, workerPool } from '../workers/worker-pool.js'
import type { Found, HolidaySource } from './holiday-sources.js'
import type { HolidayOutcome } from './holidays.worker.js'

const MAX_HEAP_MB = 256
const MAX_WAITING = 200
const MAX_WAITING_OF_TENANT = 20

/**
 * Finds holidays in worker threads: neither a hostile file nor the tables of all countries, which take longer to
 * load than most requests, hold up the event loop.
 */
@Injectable()
export class HolidayReader implements OnApplicationShutdown {
  private readonly turns = new FairTurns({
    places: MAX_THREADS,
    maxWaiting: MAX_WAITING,
    maxWaitingEach: MAX_WAITING_OF_TENANT,
  })
  private readonly pool = workerPool<HolidaySource, HolidayOutcome>(
    import.meta.url,
    'holidays.worker',
    MAX_HEAP_MB,
  )

  /**
   * @param tenantId who asks: tenants take turns, and none holds all threads
   * @throws Problem 422 `unreadable_calendar`, or naming the field that asks for what there is not; 503 when too many wait
   */
  async read(tenantId: string, source: HolidaySource): Promise<Found> {
    const outcome = await this.turns.take(tenantId, tooManyWait, () => this.run(source))
    if (!('refused' in outcome)) return outcome
    const { refused: message, field } = outcome
    throw field
      ? unprocessable([{ field, message }])
      : unprocessable([{ field: 'body', message }], 'unreadable_calendar')
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close()
  }

  private async run(source: HolidaySource): Promise<HolidayOutcome> {
    try {
      return await this.pool.run(source)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      return { refused: 'takes more memory to read than any honest calendar does', field: undefined }
    }
  }
}

const tooManyWait = () => new Problem(503, 'too_many_imports', 'Too many imports of holidays wait; try again')
