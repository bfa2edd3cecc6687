import { Body, Controller, Post, Query } from '@nestjs/common'
import { ApiBody, ApiConsumes } from '@nestjs/swagger'
import { MIB, RawBody } from '../http/bodies.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import { Problem } from '../http/problem.js'
import { ReceivedView } from './email.view.js'
import { InboundQuery } from './emails.dto.js'
import { Inbound } from './inbound.service.js'

const WITH_ATTACHMENT =
  'From: Charles <charles@example.com>\r\nTo: support@example.com\r\nSubject: Its sound\r\n' +
  'Message-ID: <1843@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=part\r\n\r\n' +
  '--part\r\nContent-Type: text/plain\r\n\r\nListen.\r\n' +
  '--part\r\nContent-Type: text/csv; name=sound.csv\r\nContent-Disposition: attachment\r\n\r\n1,2\r\n--part--\r\n'

@Controller('emails/inbound')
export class InboundController {
  constructor(private readonly inbound: Inbound) {}

  /**
   * Take in a message as it came over SMTP: raw RFC 5322, up to 25 MB, attachments kept. 422 `mail_too_complex` refuses what
   * is made to exhaust its reader; nothing of it is kept. 503 `mail_queue_full` asks to send it again.
   */
  @Post()
  @MayAnswer(503)
  @RawBody('message/rfc822', 25 * MIB)
  @ApiConsumes('message/rfc822')
  @ApiBody({
    required: true,
    schema: { type: 'string' },
    examples: {
      question: {
        value:
          'From: Charles <charles@example.com>\r\nTo: support@example.com\r\nSubject: The engine stopped\r\n' +
          'Message-ID: <1842@example.com>\r\n\r\nWhat can I do?\r\n',
      },
      'with an attachment': { value: WITH_ATTACHMENT },
    },
  })
  async receive(
    @Me() me: Principal,
    @Query() query: InboundQuery,
    @Body() raw: unknown,
  ): Promise<ReceivedView> {
    if (!Buffer.isBuffer(raw))
      throw new Problem(415, 'unsupported_media_type', 'Send the raw message as Content-Type: message/rfc822')
    return this.inbound.receive(me.tenantId, raw, query)
  }
}
