import { Global, Module } from '@nestjs/common'
import { EventEmitterModule } from '@nestjs/event-emitter'
import { Events } from './events.publisher.js'

@Global()
@Module({
  imports: [EventEmitterModule.forRoot({ maxListeners: 0 })],
  providers: [Events],
  exports: [Events],
})
export class EventsModule {}
