import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { drain } from './parking.js'
import { dropThoseUnwanted, HOLD_SIFTED, SIFT } from './unwanted.js'
import { WEBHOOK_SIFTINGS } from './webhook-work.js'

const STEP_MS = 50

interface Step {
  /** How far it has looked; null where that was all. */
  last: number | null
  ids: string[]
}

/** Looks long queues through, little by little, for what their webhooks do not want any more; then the rest goes on. */
@Injectable()
export class Siftings implements DueWork, OnModuleInit {
  readonly name = WEBHOOK_SIFTINGS
  readonly capacity = 1

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  claim(): Promise<[]> {
    return this.work.run(async (tx) => {
      const [held] = await tx.query<{ id: number; after: number }>(HOLD_SIFTED)
      if (!held) return []
      const [step] = await tx.query<Step>(SIFT, [held.id, held.after])
      await dropThoseUnwanted(tx, step!.ids, this.clock.sqlNow)
      tx.write(`update webhooks set sift_after = $2 where id = $1`, [held.id, step!.last])
      if (step!.last === null) drain(tx, held.id, this.clock.sqlNow)
      return []
    })
  }

  async msUntilNextDue(): Promise<number | null> {
    const some = await this.work.query('select from webhooks where sift_after is not null limit 1')
    return some.length > 0 ? STEP_MS : null
  }
}
