import {
  Controller,
  Get,
  Header,
  HttpCode,
  Post,
  Headers,
  Query,
  Res,
  type StreamableFile,
} from '@nestjs/common'
import { ApiHeader, ApiOkResponse } from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { Roles, TakesTicket } from '../auth/auth.guard.js'
import { StreamTickets } from '../auth/stream-tickets.service.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import { EventStreams } from './event-streams.service.js'
import { EventsQuery, FollowQuery } from './events.dto.js'
import { EventsReader } from './events.reader.js'
import { EventPage, TicketView } from './events.view.js'
import { LAST_EVENT_ID, STREAM } from './stream.openapi.js'

/** Not for agents: the stream tells how each member performs. */
@Roles('admin', 'manager')
@Controller('events')
export class EventsController {
  constructor(
    private readonly events: EventsReader,
    private readonly streams: EventStreams,
    private readonly tickets: StreamTickets,
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
   * Get a ticket for a stream. EventSource, which can send no Authorization, gives it in the URL: once, and within half a
   * minute. The stream ends with the access token that asked for it. When it ends, EventSource repeats its URL and is
   * answered 401: get another ticket then, and go on with `after` from the last `lastEventId`.
   */
  @Post('stream/ticket')
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  ticket(@Me() me: Principal): Promise<TicketView> {
    return this.tickets.issue(me)
  }

  /**
   * Follow the events as they happen, as Server-Sent Events. Each message's `id` is a cursor: sent back as
   * `Last-Event-ID`, to whichever process, the stream goes on right after it. The stream ends with the access token, its
   * session or its role, and an account may have 20 of them open in a process.
   */
  @Get('stream')
  @TakesTicket()
  @Header('cache-control', 'no-cache, no-transform')
  @Header('x-accel-buffering', 'no')
  @ApiHeader(LAST_EVENT_ID)
  @ApiOkResponse(STREAM)
  @MayAnswer(429)
  stream(
    @Me() me: Principal,
    @Query() query: FollowQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return this.streams.open(me, query, lastEventId, reply)
  }
}
