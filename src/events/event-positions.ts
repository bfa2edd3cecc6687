import { Injectable, Logger, type OnModuleInit } from '@nestjs/common'
import { UnitOfWork } from '../database/unit-of-work.js'

/** Beyond every position that a reader may have been told of since the backup: so many transactions do not pass. */
const LEAP = 2 ** 32

/** Which history of transactions the numbers are of. A restored backup and a promoted standby begin another. */
const CLUSTER = `(select concat(system_identifier, '/', timeline_id) from pg_control_system(), pg_control_checkpoint())`

/**
 * Events are ordered by their transaction's number (ADR 11), which means nothing in another cluster: restored from a dump,
 * old events would stand in a future that hides them, and new ones before what readers have already passed. When the
 * database has moved, positions go on from beyond all that were.
 */
@Injectable()
export class EventPositions implements OnModuleInit {
  private readonly logger = new Logger(EventPositions.name)

  constructor(private readonly work: UnitOfWork) {}

  async onModuleInit(): Promise<void> {
    const [moved] = await this.work.query(`select from event_origin where cluster <> ${CLUSTER}`)
    if (moved) await this.leap()
  }

  /** Safe at any time: the lock lets every transaction end that wrote events at the old offset. */
  private async leap(): Promise<void> {
    await this.work.run(async (tx) => {
      await tx.query(`set local lock_timeout = '5s'`)
      await tx.query('lock table events in access exclusive mode')
      const [origin] = await tx.query<{ offset: number }>(
        `update event_origin set cluster = ${CLUSTER},
                position_offset = ${LEAP} + greatest(position_offset, (select max(position) from events))
         where cluster <> ${CLUSTER} returning position_offset as offset`,
      )
      if (!origin) return // another process was first
      await tx.query(
        `create or replace function event_position() returns bigint language sql volatile
         as 'select pg_current_xact_id()::text::bigint + ${Number(origin.offset)}'`,
      )
      this.logger.log(`The database has moved: the stream of events goes on from ${origin.offset}`)
    })
  }
}
