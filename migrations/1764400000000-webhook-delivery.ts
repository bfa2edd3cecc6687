import type { MigrationInterface, QueryRunner } from 'typeorm'
import { deliveries } from './webhook-delivery/deliveries.js'
import { sequences } from './webhook-delivery/sequences.js'
import { subscriptions } from './webhook-delivery/subscriptions.js'

/** Webhooks with breakers, fair queues and an account of every attempt. */
export class WebhookDelivery1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    for (const sql of [sequences, subscriptions, deliveries]) await runner.query(sql)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
