import { Injectable } from '@nestjs/common'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { EmailView } from '../emails/email.view.js'
import { EmailsReader } from '../emails/emails.query.js'
import { lockConversationOf } from '../emails/email-locks.js'
import { conflict } from '../http/problem.js'
import type { Principal } from '../http/principal.js'
import type { PauseReason } from './clock-life.js'
import { ClockPauses } from './clock-pauses.js'

/** What people do with the clocks of a conversation. */
@Injectable()
export class Clocks {
  constructor(
    private readonly work: UnitOfWork,
    private readonly pauses: ClockPauses,
    private readonly emails: EmailsReader,
  ) {}

  /** @throws Problem 409 when no clock runs that could be paused */
  async pause(me: Principal, emailId: number, reason: PauseReason): Promise<EmailView> {
    await this.work.run(async (tx) => {
      const { threadId } = await lockConversationOf(tx, me.tenantId, emailId)
      if (!(await this.pauses.pause(tx, me.tenantId, threadId, { reason, by: me.userId })))
        throw conflict('no_running_clock', 'No clock of this conversation is running')
    })
    return this.emails.read(me.tenantId, emailId)
  }

  /** @throws Problem 409 when no clock is paused */
  async resume(me: Principal, emailId: number): Promise<EmailView> {
    await this.work.run(async (tx) => {
      const { threadId } = await lockConversationOf(tx, me.tenantId, emailId)
      if (!(await this.pauses.resume(tx, me.tenantId, threadId, { by: me.userId })))
        throw conflict('no_paused_clock', 'No clock of this conversation is paused')
    })
    return this.emails.read(me.tenantId, emailId)
  }
}
