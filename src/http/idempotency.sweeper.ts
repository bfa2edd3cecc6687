import { Injectable } from '@nestjs/common'
import { Interval } from '@nestjs/schedule'
import { UnitOfWork } from '../database/unit-of-work.js'
import { KEEP } from './idempotency-answers.js'

const HOUR_MS = 3_600_000

/** Forgets answers that no repeat may ask for any more. */
@Injectable()
export class IdempotencySweeper {
  constructor(private readonly work: UnitOfWork) {}

  @Interval(HOUR_MS)
  async sweep(): Promise<void> {
    // The table of the release before goes one release later; what it holds are secrets, and must not stay till then.
    for (const table of ['idempotency_answers', 'idempotency_keys'])
      await this.work.query(`delete from ${table} where created_at < now() - interval '${KEEP}'`)
  }
}
