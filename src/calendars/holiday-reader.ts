import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { unprocessable } from '../http/problem.js'
import { isOutOfMemory, workerPool } from '../workers/worker-pool.js'
import type { Found, HolidaySource } from './holiday-sources.js'
import type { HolidayOutcome } from './holidays.worker.js'

const MAX_HEAP_MB = 256

/**
 * Finds holidays in worker threads: neither a hostile file nor the tables of all countries, which take longer to
 * load than most requests, hold up the event loop.
 */
@Injectable()
export class HolidayReader implements OnApplicationShutdown {
  private readonly pool = workerPool<HolidaySource, HolidayOutcome>(
    import.meta.url,
    'holidays.worker',
    MAX_HEAP_MB,
  )

  /** @throws Problem 422 `unreadable_calendar`, or naming the field that asks for what there is not */
  async read(source: HolidaySource): Promise<Found> {
    const outcome = await this.run(source)
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
