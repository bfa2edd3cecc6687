import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { HOLD_PARKED, parkSomeSql } from './parking.js'
import { WEBHOOK_PARKINGS } from './webhook-work.js'

const STEP_MS = 100

/** Has the rows of deliveries that are parked by an instant say so, little by little. */
@Injectable()
export class Parkings implements DueWork, OnModuleInit {
  readonly name = WEBHOOK_PARKINGS
  readonly capacity = 1

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  /** Its transaction waits for nobody's locks, since it takes those of several webhooks. */
  claim(): Promise<[]> {
    return this.work.run(async (tx) => {
      const held = await tx.query<{ id: number }>(HOLD_PARKED)
      if (held.length > 0) tx.write(parkSomeSql(this.clock.sqlNow), [held.map(({ id }) => id)])
      return []
    })
  }

  async msUntilNextDue(): Promise<number | null> {
    const some = await this.work.query('select from webhooks where parked_before is not null limit 1')
    return some.length > 0 ? STEP_MS : null
  }
}
