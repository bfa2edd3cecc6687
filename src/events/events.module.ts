import { Global, Module } from '@nestjs/common'
import { EventEmitterModule } from '@nestjs/event-emitter'
import { EventPositions } from './event-positions.js'
import { Events } from './events.publisher.js'

@Global()
@Module({
  imports: [EventEmitterModule.forRoot({ maxListeners: 0 })],
  providers: [Events, EventPositions],
  exports: [Events],
})
export class EventsModule {}
