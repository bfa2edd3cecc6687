import { Controller, Get, Query } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { Me, type Principal } from '../http/principal.js'
import { SamplesQuery } from './catalogue.dto.js'
import { EventBodyView, EventCataloguePage } from './catalogue.view.js'
import { EventSamples } from './event-samples.service.js'

@Roles('admin')
@Controller('webhooks')
export class CatalogueController {
  constructor(private readonly samples: EventSamples) {}

  /** List the events that webhooks can hear of, each with the JSON Schema of its body and an example. */
  @Get('events')
  events(): EventCataloguePage {
    return { data: this.samples.catalogue(), nextCursor: null }
  }

  /**
   * Show what deliveries of an event look like, newest first. The account's own latest ones where it has some, or else
   * the catalogue's example: the list that a Zapier REST hook asks for.
   */
  @Get('samples')
  newest(@Me() me: Principal, @Query() query: SamplesQuery): Promise<EventBodyView[]> {
    return this.samples.newest(me.tenantId, query.event)
  }
}
