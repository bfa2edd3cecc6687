import { Injectable } from '@nestjs/common'
import { UnitOfWork } from '../database/unit-of-work.js'
import { EVENT_NAMES, type EventName } from '../events/catalogue.js'
import { EVENT_EXAMPLES } from './event-examples.js'
import type { EventBodyView, CatalogueEventView } from './catalogue.view.js'
import { BODY_COLUMNS } from '../stream/event-body.js'
import { EVENT_DESCRIPTIONS, eventSchema } from './event-schemas.js'

const SAMPLES = 3
/** What counts as recent, in events of any name: a name that never occurs must not read a whole history. */
const RECENT = 1_000

/** Shows what deliveries look like before the first one arrives. */
@Injectable()
export class EventSamples {
  constructor(private readonly work: UnitOfWork) {}

  catalogue(): CatalogueEventView[] {
    return EVENT_NAMES.map((name) => ({
      name,
      description: EVENT_DESCRIPTIONS[name],
      schema: eventSchema(name),
      example: exampleOf(name),
    }))
  }

  /** The tenant's newest events of a name as they are delivered, or else the example: never an empty list. */
  async newest(tenantId: string, name: EventName): Promise<EventBodyView[]> {
    const bodies = await this.work.query<EventBodyView>(
      `select ${BODY_COLUMNS}
       from (select * from events where user_id = $1 order by seq desc limit ${RECENT}) e
       where e.name = $2 order by e.seq desc limit ${SAMPLES}`,
      [tenantId, name],
    )
    return bodies.length > 0 ? bodies : [exampleOf(name)]
  }
}

const exampleOf = (name: EventName): EventBodyView => ({ ...EVENT_EXAMPLES[name] })
