import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Deliveries of a few dozen bytes, completed in their place: see ADR 12. Processes of the version before cannot work beside
 * it: stop them first.
 */
export class NarrowDeliveries1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query(UP)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}

const UP = `
-- Null where the body is the event's own, which is stored once and never changes. Samples have no event.
alter table webhook_logs alter payload drop not null;

-- The claim finds the body without the log.
alter table webhook_queue add event_id uuid, add leased_until timestamptz(3);
update webhook_queue q
set event_id = l.event_id, leased_until = case when lease_token is not null then due_at end
from webhook_logs l where l.id = q.delivery_id;
alter table webhook_queue alter event_id set not null;

-- Leases are beside the due instant, which is indexed: taking one touches no index and stays within the page. Who looks
-- for what is due steps over the few that are leased.
alter table webhook_queue set (fillfactor = 50);

-- A delivery that succeeds at once is updated within its page and touches no index: there is room for the new version,
-- and what indexes look at stays as it was. The status does not; whatever failed has an error.
alter table webhook_logs set (fillfactor = 50);
drop index webhook_logs_failed_idx;
create index webhook_logs_failed_idx on webhook_logs (webhook_id, id desc) where error_message is not null;

-- Both are only ever written together with their log, which is locked: a check a row would find nothing. What goes with
-- the log goes by this trigger.
alter table webhook_queue drop constraint webhook_queue_delivery_id_fkey;
alter table webhook_attempts drop constraint webhook_attempts_delivery_id_fkey;
create function forget_delivery() returns trigger language plpgsql as $body$
begin
  delete from webhook_queue where delivery_id = old.id;
  delete from webhook_attempts where delivery_id = old.id;
  return null;
end
$body$;
create trigger webhook_logs_forgotten after delete on webhook_logs for each row execute function forget_delivery();
`
