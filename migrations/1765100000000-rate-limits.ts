import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * How often whoever has tried: the table of rate-limiter-flexible, whose statements count on this order of columns.
 * `expire` is in milliseconds since 1970.
 */
export class RateLimits1765100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query(`
      create table rate_limits (
        key varchar(255) primary key,
        points integer not null default 0,
        expire bigint
      );
      create index rate_limits_expire_idx on rate_limits (expire)`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
