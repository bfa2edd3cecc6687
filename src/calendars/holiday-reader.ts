import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common'
import { Piscina } from 'piscina'
import { workerModule } from '../emails/worker-module.js'
import { unprocessable } from '../http/problem.js'
import type { Found, HolidaySource } from './holiday-sources.js'
import type { HolidayOutcome } from './holidays.worker.js'

const MAX_THREADS = 2
const IDLE_MS = 30_000
const MAX_HEAP_MB = 256

/**
 * Finds holidays in worker threads: neither a hostile file nor the tables of all countries, which take longer to
 * load than most requests, hold up the event loop.
 */
@Injectable()
export class HolidayReader implements OnApplicationShutdown {
  private readonly logger = new Logger(HolidayReader.name)
  private readonly pool = new Piscina<HolidaySource, HolidayOutcome>({
    ...workerModule(import.meta.url, 'holidays.worker'),
    minThreads: 0,
    maxThreads: MAX_THREADS,
    idleTimeout: IDLE_MS,
    closeTimeout: 5_000,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  }).on('error', (error) => this.logger.error(error))

  /** @throws Problem 422 `unreadable_calendar`, or naming the field that asks for what there is not */
  async read(source: HolidaySource): Promise<Found> {
    const outcome = await this.run(source)
    if (!('refused' in outcome)) return outcome
    const { refused: message, field } = outcome
    throw field
      ? unprocessable([{ field, message }])
      : unprocessable([{ field: 'body', message }], 'unreadable_calendar')
  }

  /** Not earlier: requests that are under way when a stop begins still need it. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.close()
  }

  private async run(source: HolidaySource): Promise<HolidayOutcome> {
    try {
      return await this.pool.run(source)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error
      return { refused: 'takes more memory to read than any honest calendar does', field: undefined }
    }
  }
}
