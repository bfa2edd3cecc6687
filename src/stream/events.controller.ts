import { Controller, Get, Header, Headers, Query, Res, type StreamableFile } from '@nestjs/common'
import { ApiHeader, ApiOkResponse } from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { Roles } from '../auth/auth.guard.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import { EventStreams } from './event-streams.service.js'
import { EventsQuery, StreamQuery } from './events.dto.js'
import { EventsReader } from './events.reader.js'
import { EventPage } from './events.view.js'
import { LAST_EVENT_ID, STREAM } from './stream.openapi.js'

/** Not for agents: the stream tells how each member performs. */
@Roles('admin', 'manager')
@Controller('events')
export class EventsController {
  constructor(
    private readonly events: EventsReader,
    private readonly streams: EventStreams,
  ) {}

  /**
   * List the stored events, in the order of the stream. It begins with the earliest event, or after the given cursor;
   * `nextCursor` always leads on, so that a program may come back later and miss nothing.
   */
  @Get()
  list(@Me() me: Principal, @Query() query: EventsQuery): Promise<EventPage> {
    return this.events.list(me.tenantId, query)
  }

  /**
   * Follow the events as they happen, as Server-Sent Events. Each message's `id` is a cursor: sent back as
   * `Last-Event-ID`, to whichever process, the stream goes on right after it. The stream ends with the access token, its
   * session or its role, and an account may have 20 of them open in a process.
   */
  @Get('stream')
  @Header('cache-control', 'no-cache, no-transform')
  @Header('x-accel-buffering', 'no')
  @ApiHeader(LAST_EVENT_ID)
  @ApiOkResponse(STREAM)
  @MayAnswer(429)
  stream(
    @Me() me: Principal,
    @Query() query: StreamQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return this.streams.open(me, query, lastEventId, reply)
  }
}
