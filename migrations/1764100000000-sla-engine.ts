import type { MigrationInterface, QueryRunner } from 'typeorm'
import { calendars } from './sla-engine/calendars.js'
import { clocks } from './sla-engine/clocks.js'
import { customerTiers } from './sla-engine/customer-tiers.js'
import { policies } from './sla-engine/policies.js'

/** Business hours, policies, and clocks that can be paused, recomputed and explained. */
export class SlaEngine1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    for (const sql of [customerTiers, calendars, policies, clocks]) await runner.query(sql)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
