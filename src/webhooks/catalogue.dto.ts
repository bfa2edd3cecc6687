import { IsIn } from 'class-validator'
import { EVENT_NAMES, type EventName } from '../events/catalogue.js'

export class SamplesQuery {
  @IsIn(EVENT_NAMES)
  event: EventName
}
