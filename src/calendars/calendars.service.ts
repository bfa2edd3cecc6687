import { isDeepStrictEqual } from 'node:util'
import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import type { PageQuery } from '../http/paging.dto.js'
import { conflict, notFound } from '../http/problem.js'
import { refuseMoreThan } from '../http/tenant-limit.js'
import type { CalendarDefinition, Holiday } from './calendar-definition.js'
import { requestedCalendar } from './calendar-request.js'
import { refuseTooShort, refuseUsed, useOf } from './calendar-use.js'
import type { ChangeCalendarDto, CreateCalendarDto } from './calendars.dto.js'
import type { CalendarView } from './calendars.view.js'
import { SlaCalendar } from './calendar.entity.js'
import { SlaRevisions } from './revisions.service.js'

const MOST = { table: 'sla_calendars', name: 'calendars', most: 200, only: 'deleted_at is null' }

/** Business hours by name. What a calendar says is a version, and a change of it the next one. */
@Injectable()
export class Calendars {
  constructor(
    private readonly work: UnitOfWork,
    private readonly revisions: SlaRevisions,
  ) {}

  list(tenantId: string, { limit, cursor }: PageQuery): Promise<Page<CalendarView>> {
    return this.work.run(async (tx) => {
      const before = idCursor(cursor)
      const rows = await tx.query<CalendarRow>(
        `${SELECT} and ($2::bigint is null or c.id < $2) order by c.id desc limit $3`,
        [tenantId, before, limit + 1],
      )
      return toPage(rows.map(viewOf), limit, ({ id }) => [id])
    })
  }

  /** @throws Problem 409 when the tenant has a calendar of this name, or too many, 422 naming what is wrong in it */
  create(tenantId: string, { name, timezone, hours, holidays }: CreateCalendarDto): Promise<CalendarView> {
    const definition = definitionOf({ timezone, hours, holidays })
    return this.runWithFreeName(async (tx) => {
      const draft = tx.manager.create(SlaCalendar, { userId: tenantId, name })
      const { id } = await tx.manager.save(draft)
      await refuseMoreThan(tx, tenantId, MOST)
      await addVersion(tx, id, 1, definition)
      return viewOf(await find(tx, tenantId, id))
    })
  }

  read(tenantId: string, id: number): Promise<CalendarView> {
    return this.work.run(async (tx) => viewOf(await find(tx, tenantId, id)))
  }

  /** Outside any unit of work: who asks for it has a file to read before it writes. */
  async definition(tenantId: string, id: number): Promise<CalendarDefinition> {
    return (await find(this.work, tenantId, id)).definition
  }

  /** @throws Problem 409, 422 as `create` */
  change(tenantId: string, id: number, { name, ...changes }: ChangeCalendarDto): Promise<CalendarView> {
    return this.runWithFreeName(async (tx) => {
      await this.revisions.lock(tx, tenantId)
      const calendar = await findLocked(tx, tenantId, id)
      const definition = definitionOf({ ...calendar.definition, ...changes })
      if (name !== undefined && name !== calendar.name) await rename(tx, calendar, name)
      await this.redefine(tx, tenantId, calendar, definition)
      return viewOf(await find(tx, tenantId, id))
    })
  }

  /** @throws Problem 409 while a policy counts by it */
  remove(tenantId: string, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      await this.revisions.lock(tx, tenantId)
      await findLocked(tx, tenantId, id)
      refuseUsed(await useOf(tx, id))
      await tx.query(`update sla_calendars set deleted_at = ${tx.sqlNow} where id = $1`, [id])
    })
  }

  /**
   * Adds the dates that the calendar has not: those that it has keep their names.
   * @returns the dates added
   * @throws Problem 422 when they become too many, its policies would count too long, or the calendar is always open
   */
  addHolidays(tenantId: string, id: number, holidays: Holiday[], dryRun: boolean): Promise<Set<string>> {
    return this.work.run(async (tx) => {
      if (!dryRun) await this.revisions.lock(tx, tenantId)
      const calendar = await findLocked(tx, tenantId, id)
      const known = new Set(calendar.definition.holidays.map(({ date }) => date))
      const added = holidays.filter(({ date }) => !known.has(date))
      const definition = definitionOf({
        ...calendar.definition,
        holidays: [...calendar.definition.holidays, ...added],
      })
      if (dryRun) refuseTooShort(definition, await useOf(tx, id))
      else await this.redefine(tx, tenantId, calendar, definition)
      return new Set(added.map(({ date }) => date))
    })
  }

  /** Saying the same again is no change. What no mail is measured by concerns no clock. */
  private async redefine(
    tx: Transaction,
    tenantId: string,
    { id, version, ...present }: CalendarRow,
    definition: CalendarDefinition,
  ): Promise<void> {
    if (isDeepStrictEqual(definition, present.definition)) return
    const use = await useOf(tx, id)
    refuseTooShort(definition, use)
    await tx.query(`update sla_calendars set version = $2, updated_at = now() where id = $1`, [
      id,
      version + 1,
    ])
    await addVersion(tx, id, version + 1, definition)
    if (use.isActive) await this.revisions.bump(tx, tenantId)
  }

  /** Two requests may want one name at once: the index decides. */
  private runWithFreeName<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.work.run(work).catch((error: { constraint?: string }) => {
      if (error.constraint !== 'sla_calendars_name_idx') throw error
      throw conflict('calendar_exists', 'There is a calendar of this name')
    })
  }
}

interface CalendarRow {
  id: number
  name: string
  version: number
  createdAt: Date
  updatedAt: Date
  definition: CalendarDefinition
}

const SELECT = `
  select c.id, c.name, c.version, c.created_at as "createdAt", c.updated_at as "updatedAt", v.definition
  from sla_calendars c join sla_calendar_versions v on v.calendar_id = c.id and v.version = c.version
  where c.user_id = $1 and c.deleted_at is null`

async function find(asked: Pick<UnitOfWork, 'query'>, tenantId: string, id: number): Promise<CalendarRow> {
  const [row] = await asked.query<CalendarRow>(`${SELECT} and c.id = $2`, [tenantId, id])
  if (!row) throw notFound('calendar')
  return row
}

/** Of two changes at once, the second one builds upon the first. */
async function findLocked(tx: Transaction, tenantId: string, id: number): Promise<CalendarRow> {
  await tx.query('select from sla_calendars where id = $1 and user_id = $2 for update', [id, tenantId])
  return find(tx, tenantId, id)
}

async function rename(tx: Transaction, { id }: CalendarRow, name: string): Promise<void> {
  await tx.query(`update sla_calendars set name = $2, updated_at = now() where id = $1`, [id, name])
}

async function addVersion(
  tx: Transaction,
  calendarId: number,
  version: number,
  definition: CalendarDefinition,
) {
  await tx.query(
    `insert into sla_calendar_versions (user_id, calendar_id, version, definition)
     select user_id, id, $2, $3 from sla_calendars where id = $1`,
    [calendarId, version, JSON.stringify(definition)],
  )
}

const definitionOf = ({
  timezone,
  hours,
  holidays,
}: {
  timezone: unknown
  hours: unknown
  holidays?: unknown
}) => requestedCalendar({ timezone, calendar: hours, holidays }, { calendar: 'hours' })

function viewOf({ definition, ...calendar }: CalendarRow): CalendarView {
  return { ...calendar, ...definition }
}
