import { Injectable } from '@nestjs/common'
import { Interval } from '@nestjs/schedule'
import { UnitOfWork } from '../database/unit-of-work.js'
import { KEEP } from './idempotency.interceptor.js'

const HOUR_MS = 3_600_000

/** Forgets answers that no repeat may ask for any more. */
@Injectable()
export class IdempotencySweeper {
  constructor(private readonly work: UnitOfWork) {}

  @Interval(HOUR_MS)
  sweep(): Promise<unknown> {
    return this.work.query(`delete from idempotency_keys where created_at < now() - interval '${KEEP}'`)
  }
}
