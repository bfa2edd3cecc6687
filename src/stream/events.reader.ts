import { Injectable } from '@nestjs/common'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { EventName } from '../events/catalogue.js'
import { cursorKey, cursorOf } from '../http/paging.js'
import { BODY_COLUMNS } from './event-body.js'
import type { EventsQuery } from './events.dto.js'
import type { EventPage, EventView } from './events.view.js'

/** A place in the stream, which a cursor stands for. */
export type Place = [position: number, seq: number]

export interface StreamedEvent {
  place: Place
  name: EventName
  /** JSON on one line, as webhooks send it. */
  body: string
}

export interface Excerpt {
  events: StreamedEvent[]
  /** Where to go on: behind all that was looked at, wanted or not. */
  next: Place
  hasMore: boolean
  /** Committed events wait for an older transaction to end. */
  isPending: boolean
}

/** The last place of a tenant that nothing can come before any more. */
export interface Newest {
  tenantId: string
  place: Place
  /** Committed events wait above it. */
  isPending: boolean
}

/** Rows looked at for one excerpt when only some events are wanted: a rare one must not make a query endless. */
const SCANNED = 1_000

/**
 * All positions below are of transactions that have ended, so that nothing can be added there any more: this is why a
 * reader misses none. Events that are committed at or above it are not shown yet.
 */
const SETTLED = `select pg_snapshot_xmin(pg_current_snapshot())::text::bigint + position_offset from event_origin`

/** Its last one, found from the end of the index: whether any is above the horizon would be asked of the whole table. */
const NEWEST = `select position from events where user_id = $1 order by position desc, seq desc limit 1`

const EXCERPT = `
  with horizon as materialized (${SETTLED}), -- of the same snapshot as the rest
  scanned as materialized (
    select * from events
    where user_id = $1 and (position, seq) > ($2::bigint, $3::bigint) and position < (table horizon)
    order by position, seq limit $4
  ),
  numbered as (
    select *, $5::text[] is null or name = any($5) as wanted,
           row_number() over (order by position, seq) as n, count(*) over () as total
    from scanned
  )
  select pending as "isPending", e.position, e.seq, e.name, e.total,
         case when e.wanted then (select row_to_json(body)::text from (select ${BODY_COLUMNS}) body) end as body
  from (select coalesce((${NEWEST}) >= (table horizon), false)) as p(pending)
  left join numbered e on e.wanted or e.n = e.total -- and the last one, to know how far this looked
  order by e.n limit $6`

const LATEST = `select position, seq from events
  where user_id = $1 and position < (${SETTLED}) order by position desc, seq desc limit 1`

/** For many tenants by one statement: two looks into an index for each. */
const NEWEST_OF_EACH = `
  with horizon as materialized (${SETTLED})
  select t.id as "tenantId", array[coalesce(settled.position, 0), coalesce(settled.seq, 0)] as place,
         coalesce(newest.position >= (table horizon), false) as "isPending"
  from unnest($1::uuid[]) t(id)
  left join lateral (select position, seq from events where user_id = t.id and position < (table horizon)
                     order by position desc, seq desc limit 1) settled on true
  left join lateral (select position from events where user_id = t.id
                     order by position desc, seq desc limit 1) newest on true`

interface Row {
  isPending: boolean
  position: number | null
  seq: number
  name: EventName
  total: number
  body: string | null
}

/** Reads the stored stream: what is settled, in its order. */
@Injectable()
export class EventsReader {
  constructor(private readonly work: UnitOfWork) {}

  /** @throws Problem 400 for a bad cursor */
  async list(tenantId: string, { after = 'earliest', event, limit }: EventsQuery): Promise<EventPage> {
    const place = await this.placeOf(tenantId, after, 'after')
    const { events, next, hasMore } = await this.read(tenantId, place, event, limit)
    const data = events.map(({ body }) => JSON.parse(body) as EventView)
    return { data, nextCursor: cursorOf(next), hasMore }
  }

  /**
   * Where to begin.
   * @param field what a bad cursor came in
   * @throws Problem 400 naming it
   */
  async placeOf(tenantId: string, after: string, field: string): Promise<Place> {
    if (after === 'earliest') return [0, 0]
    if (after !== 'latest') return cursorKey(after, isPlace, field) as Place
    const [last] = await this.work.query<{ position: number; seq: number }>(LATEST, [tenantId])
    return last ? [last.position, last.seq] : [0, 0]
  }

  /** What has come so far for each of these tenants. */
  newest(tenantIds: string[]): Promise<Newest[]> {
    return this.work.query<Newest>(NEWEST_OF_EACH, [tenantIds])
  }

  async read(tenantId: string, [position, seq]: Place, names: EventName[] | undefined, limit: number) {
    const most = names ? SCANNED : limit + 1
    const parameters = [tenantId, position, seq, most, names ?? null, limit + 1]
    const rows = await this.work.query<Row>(EXCERPT, parameters)
    return excerptOf(rows, [position, seq], limit, most)
  }
}

function excerptOf(rows: Row[], from: Place, limit: number, most: number): Excerpt {
  const { isPending, total } = rows[0]!
  const wanted = rows.filter(({ body }) => body !== null)
  const events = wanted
    .slice(0, limit)
    .map((row) => ({ place: placeOf(row) ?? from, name: row.name, body: row.body! }))
  const isFull = wanted.length > limit
  const next = (isFull ? events.at(-1)!.place : placeOf(rows.at(-1)!)) ?? from
  return { events, next, hasMore: isFull || total === most, isPending }
}

const placeOf = ({ position, seq }: Row): Place | undefined =>
  position === null ? undefined : [position, seq]

const isPlace = ([position, seq, ...rest]: unknown[]) =>
  [position, seq].every((part) => Number.isSafeInteger(part) && Number(part) >= 0) && rest.length === 0
