import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { EventFeeds } from './event-feeds.js'
import { EventStreams } from './event-streams.service.js'
import { EventsController } from './events.controller.js'
import { EventsReader } from './events.reader.js'
import { StreamLimits } from './stream-limits.js'

/** The stored stream, read. Apart from `events`, which stands above `auth`: a stream must end with its session. */
@Module({
  imports: [AuthModule],
  controllers: [EventsController],
  providers: [EventsReader, EventFeeds, EventStreams, StreamLimits],
})
export class StreamModule {}
