import { Injectable } from '@nestjs/common'
import { Problem } from '../http/problem.js'
import type { InboundQuery } from './emails.dto.js'
import type { ReceivedView } from './email.view.js'
import { Intake } from './intake.service.js'
import { MailParser } from './mail-parser.js'
import { UnreadableMail } from './parsed-mail.js'

/** Raw mail: parsed beside the event loop, then taken in like any other. */
@Injectable()
export class Inbound {
  constructor(
    private readonly parser: MailParser,
    private readonly intake: Intake,
  ) {}

  /**
   * @param hints what the caller knows better than the mail's headers
   * @throws Problem 422 for what is no mail or too much of one, 503 when too much mail waits to be read
   */
  async receive(tenantId: string, raw: Buffer, hints: InboundQuery): Promise<ReceivedView> {
    const mail = await this.parse(raw, tenantId)
    return this.intake.receive(tenantId, {
      ...mail,
      from: mail.from ?? { address: '', name: null },
      priority: hints.priority ?? mail.priority,
      customerTier: hints.customerTier,
      category: hints.category,
    })
  }

  private async parse(raw: Buffer, tenantId: string) {
    try {
      return await this.parser.parse(raw, tenantId)
    } catch (error) {
      if (error instanceof UnreadableMail) throw new Problem(422, error.code, error.reason)
      throw error
    }
  }
}
