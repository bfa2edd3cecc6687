import type { MigrationInterface, QueryRunner } from 'typeorm'
import { alertsAndWebhooks } from './first-story/alerts-and-webhooks.js'
import { mail } from './first-story/mail.js'
import { people } from './first-story/people.js'
import { time } from './first-story/time.js'

/** Everything the first story needs: people, mail, time, alerts and webhooks, in the order of their foreign keys. */
export class FirstStory1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    for (const sql of [people, mail, time, alertsAndWebhooks]) await runner.query(sql)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
