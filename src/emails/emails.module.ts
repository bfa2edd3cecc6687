import { Module } from '@nestjs/common'
import { AttachmentsController } from './attachments.controller.js'
import { Conversations } from './conversations.service.js'
import { CustomerTiersController } from './customer-tiers.controller.js'
import { CustomerTiers } from './customer-tiers.service.js'
import { EmailsController } from './emails.controller.js'
import { EmailsReader } from './emails.query.js'
import { Emails } from './emails.service.js'
import { Inbound } from './inbound.service.js'
import { InboundController } from './inbound.controller.js'
import { Intake } from './intake.service.js'
import { MailParser } from './mail-parser.js'
import { RepliesSender } from './replies.sender.js'
import { Replies } from './replies.service.js'
import { Searches } from './searches.service.js'

@Module({
  controllers: [InboundController, AttachmentsController, EmailsController, CustomerTiersController],
  providers: [
    Intake,
    Inbound,
    MailParser,
    Emails,
    Conversations,
    EmailsReader,
    CustomerTiers,
    Replies,
    RepliesSender,
    Searches,
  ],
  exports: [Intake, Emails, EmailsReader],
})
export class EmailsModule {}
