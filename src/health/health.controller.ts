import { Controller, Get, type BeforeApplicationShutdown } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Public } from '../auth/auth.guard.js'
import { Config } from '../config/config.js'
import { KeyCanary } from '../database/key-canary.js'
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
    private readonly canary: KeyCanary,
  ) {}

  /** Is the process alive? */
  @Get('live')
  live(): HealthView {
    return { status: 'ok' }
  }

  /** May it be sent requests? Not while it starts, stops, cannot reach its database, or lacks the key to its secrets. */
  @Get('ready')
  async ready(): Promise<HealthView> {
    if (this.isStopping) throw new Problem(503, 'stopping', 'This process is stopping')
    const patience = sleep(DATABASE_PATIENCE_MS, 'too late', { ref: false })
    const answer = await Promise.race([this.ask(), patience]).catch(() => 'failed')
    if (typeof answer === 'string')
      throw new Problem(503, 'database_unavailable', 'The database does not answer')
    if (answer.missingKey)
      throw new Problem(503, 'encryption_key_missing', 'No key here opens the secrets: check ENCRYPTION_KEYS')
    return { status: 'ok', ...(answer.unreadable > 0 && { warnings: [warningOf(answer.unreadable)] }) }
  }

  private async ask() {
    const [[found], missingKey] = await Promise.all([
      this.work.query<{ unreadable: number }>(UNREADABLE),
      this.canary.missingKey(),
    ])
    return { ...found!, missingKey }
  }

  /** First thing of all when stopping: time for load balancers to see it before requests are refused. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true
    await sleep(this.config.SHUTDOWN_DELAY_MS)
  }
}

/** By an index of those alone. */
const UNREADABLE = `select count(*)::integer as unreadable from webhooks where last_error = 'secret_unreadable'`

const warningOf = (webhooks: number) =>
  `Secrets of ${webhooks} ${webhooks === 1 ? 'webhook' : 'webhooks'} cannot be opened: check ENCRYPTION_KEYS`
