import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common'
import { EmailView } from '../emails/email.view.js'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { PauseDto } from './clocks.dto.js'
import { Clocks } from './clocks.service.js'
import { Explanations } from './explanations.service.js'
import { ExplanationView } from './explanations.view.js'

@Controller('emails/:id/sla')
export class ClocksController {
  constructor(
    private readonly clocks: Clocks,
    private readonly explanations: Explanations,
  ) {}

  /**
   * Pause the clocks of its conversation: no open time counts until they resume. What waits for the customer resumes by
   * itself when the customer writes.
   */
  @Post('pause')
  @HttpCode(200)
  pause(@Me() me: Principal, @IdParam() id: number, @Body() { reason }: PauseDto): Promise<EmailView> {
    return this.clocks.pause(me, id, reason)
  }

  /** Let the paused clocks of its conversation run on. */
  @Post('resume')
  @HttpCode(200)
  resume(@Me() me: Principal, @IdParam() id: number): Promise<EmailView> {
    return this.clocks.resume(me, id)
  }

  /**
   * Explain every clock of its conversation. Which policy decided and why, what counted until the deadline and what did
   * not, and all that ever happened to the clock: enough to compute each deadline by hand.
   */
  @Get('explain')
  explain(@Me() me: Principal, @IdParam() id: number): Promise<ExplanationView> {
    return this.explanations.read(me, id)
  }
}
