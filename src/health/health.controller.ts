import { Controller, Get, type BeforeApplicationShutdown } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Public } from '../auth/auth.guard.js'
import { Config } from '../config/config.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Problem } from '../http/problem.js'
import { HealthView } from './health.view.js'

const DATABASE_PATIENCE_MS = 2_000

@Public()
@Controller('health')
export class HealthController implements BeforeApplicationShutdown {
  private isStopping = false

  constructor(
    private readonly work: UnitOfWork,
    private readonly config: Config,
  ) {}

  /** Is the process alive? */
  @Get('live')
  live(): HealthView {
    return { status: 'ok' }
  }

  /** May it be sent requests? Not while it starts, stops, or cannot reach its database. */
  @Get('ready')
  async ready(): Promise<HealthView> {
    if (this.isStopping) throw new Problem(503, 'stopping', 'This process is stopping')
    const patience = sleep(DATABASE_PATIENCE_MS, 'too late', { ref: false })
    const answer = await Promise.race([this.work.query('select 1'), patience]).catch(() => 'failed')
    if (typeof answer === 'string')
      throw new Problem(503, 'database_unavailable', 'The database does not answer')
    return { status: 'ok' }
  }

  /** First thing of all when stopping: time for load balancers to see it before requests are refused. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true
    await sleep(this.config.SHUTDOWN_DELAY_MS)
  }
}
