import { Injectable } from '@nestjs/common'
import { Config } from '../config/config.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { Problem } from '../http/problem.js'

const LOCK = 7_262_106 // any number of our own
const IS_TAKEN = `select exists (select from "user") as "isTaken"`

/** Who may register: `REGISTRATION`. */
@Injectable()
export class Registration {
  private readonly mode: 'open' | 'first' | 'closed'

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
  ) {
    this.mode = config.REGISTRATION ?? (config.NODE_ENV === 'production' ? 'first' : 'open')
  }

  /** Before anything is done for it. @throws Problem 403 */
  async check(): Promise<void> {
    if (this.mode === 'closed') throw registrationClosed('REGISTRATION=closed: nobody may register here')
    if (this.mode === 'first') refuseIfTaken(await this.work.query<{ isTaken: boolean }>(IS_TAKEN))
  }

  /** Of those who register first, wherever, one is the first: they wait for each other. @throws Problem 403 */
  async checkWithin(tx: Transaction): Promise<void> {
    if (this.mode !== 'first') return
    await tx.query(`select pg_advisory_xact_lock(${LOCK})`)
    refuseIfTaken(await tx.query<{ isTaken: boolean }>(IS_TAKEN))
  }
}

function refuseIfTaken([row]: { isTaken: boolean }[]): void {
  if (row!.isTaken)
    throw registrationClosed(
      'REGISTRATION=first: only the first account could be registered here. REGISTRATION=open lets others in',
    )
}

const registrationClosed = (detail: string) => new Problem(403, 'registration_closed', detail)
