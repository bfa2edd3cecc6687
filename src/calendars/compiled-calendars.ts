import { Injectable } from '@nestjs/common'
import { LRUCache } from 'lru-cache'
import type { Transaction } from '../database/transaction.js'
import { ALWAYS_OPEN, BusinessCalendar } from './business-calendar.js'
import type { CalendarDefinition } from './calendar-definition.js'

const MOST_KEPT = 100

type CalendarOf = (terms: { calendarVersionId: number | null }) => BusinessCalendar

/** Calendars by version, compiled once: a version never changes. The busiest take a megabyte each. */
@Injectable()
export class CompiledCalendars {
  private readonly compiled = new LRUCache<number, BusinessCalendar>({ max: MOST_KEPT })

  /** Finds the calendars of these terms; what it returns answers for each of them without asking again. */
  async load(tx: Transaction, terms: { calendarVersionId: number | null }[]): Promise<CalendarOf> {
    const ids = new Set(terms.map((one) => one.calendarVersionId).filter((id) => id !== null))
    const calendars = new Map([...ids].map((id) => [id, this.compiled.get(id)] as const))
    const missing = [...calendars].filter(([, calendar]) => !calendar).map(([id]) => id)
    if (missing.length > 0)
      for (const { id, definition } of await definitionsOf(tx, missing)) {
        const calendar = BusinessCalendar.compile(definition)
        this.compiled.set(id, calendar)
        calendars.set(id, calendar)
      }
    return ({ calendarVersionId }) =>
      calendarVersionId === null ? ALWAYS_OPEN : calendars.get(calendarVersionId)!
  }
}

function definitionsOf(tx: Transaction, ids: number[]) {
  return tx.query<{ id: number; definition: CalendarDefinition }>(
    `select id, definition from sla_calendar_versions where id = any($1)`,
    [ids],
  )
}
