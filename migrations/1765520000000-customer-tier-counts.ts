import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * How many customer tiers a tenant has. Counting a hundred thousand took 40 ms of each one that was added. Triggers keep the
 * number, since the release before writes tiers as well; they refuse nothing. Who writes waits for others of the tenant.
 */
export class CustomerTierCounts1765520000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query(`
      create table customer_tier_counts (
        user_id uuid primary key references "user" (id) on delete cascade,
        entries integer not null
      );

      create function count_customer_tiers() returns trigger language plpgsql as $$
      begin
        if tg_op = 'INSERT' then
          insert into customer_tier_counts as c (user_id, entries)
          select user_id, count(*) from changed group by user_id order by user_id
          on conflict (user_id) do update set entries = c.entries + excluded.entries;
        else
          update customer_tier_counts c set entries = c.entries - gone.entries
          from (select user_id, count(*) as entries from changed group by user_id) gone
          where c.user_id = gone.user_id;
        end if;
        return null;
      end $$;

      create trigger customer_tiers_added after insert on customer_tiers
        referencing new table as changed for each statement execute function count_customer_tiers();
      create trigger customer_tiers_removed after delete on customer_tiers
        referencing old table as changed for each statement execute function count_customer_tiers();

      -- Nobody writes meanwhile: creating a trigger locks the table until the end.
      insert into customer_tier_counts select user_id, count(*) from customer_tiers group by user_id`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
