import { IsIn } from 'class-validator'
import { PAUSE_REASONS, type PauseReason } from './clock-life.js'

export class PauseDto {
  /** @example "waiting_for_customer" */
  @IsIn(PAUSE_REASONS)
  reason: PauseReason
}
