import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'

/** Tells open clocks that what they were computed with has changed. */
@Injectable()
export class SlaRevisions {
  async bump(_tx: Transaction, _tenantId: string): Promise<void> {}
}
