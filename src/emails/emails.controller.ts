import { Body, Controller, Get, HttpCode, Patch, Post, Query } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import { lowerCase } from '../database/lower-case.js'
import { BodyLimit, MIB } from '../http/bodies.js'
import { IdParam } from '../http/id.pipe.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import { Conversations } from './conversations.service.js'
import { EmailPage, EmailView, ReceivedView } from './email.view.js'
import { AddressDto, AssignDto, ChangeEmailDto, EmailsQuery, PostEmailDto, ReplyDto } from './emails.dto.js'
import { EmailsReader } from './emails.query.js'
import { Emails } from './emails.service.js'
import { Intake } from './intake.service.js'
import { Replies } from './replies.service.js'

const QUESTION = {
  from: { address: 'customer@example.com', name: 'Charles Babbage' },
  subject: 'The engine does not start',
  text: 'It stopped after the last update. What can I do?',
  priority: 'high',
  customerTier: 'vip',
}
const IMPORTED = { ...QUESTION, messageId: '20260302.1@example.com', receivedAt: '2026-03-02T09:00:00.000Z' }

/** A text and its HTML, of a million characters each. */
const MAIL_LIMIT = 4 * MIB

@Controller('emails')
export class EmailsController {
  constructor(
    private readonly intake: Intake,
    private readonly emails: Emails,
    private readonly conversations: Conversations,
    private readonly replies: Replies,
    private readonly reader: EmailsReader,
  ) {}

  /** Take in a message given as JSON. Its reply clock starts. */
  @Post()
  @BodyLimit(MAIL_LIMIT)
  @ApiBody({ type: PostEmailDto, examples: { question: { value: QUESTION }, imported: { value: IMPORTED } } })
  receive(@Me() me: Principal, @Body() { from, to, ...body }: PostEmailDto): Promise<ReceivedView> {
    return this.intake.receive(me.tenantId, { ...body, from: addressOf(from), to: to?.map(addressOf) })
  }

  /** List the mailbox, with filters. 503 `search_too_slow` says that nothing was found in time. */
  @Get()
  @MayAnswer(429, 503)
  list(@Me() me: Principal, @Query() query: EmailsQuery): Promise<EmailPage> {
    return this.reader.list(me.tenantId, query)
  }

  /** Read an email with its conversation, replies, reply clock and history. */
  @Get(':id')
  read(@Me() me: Principal, @IdParam() id: number): Promise<EmailView> {
    return this.reader.read(me.tenantId, id)
  }

  /** Change priority, customer tier or category. */
  @Patch(':id')
  async change(@Me() me: Principal, @IdParam() id: number, @Body() body: ChangeEmailDto): Promise<EmailView> {
    await this.emails.change(me, id, body)
    return this.reader.read(me.tenantId, id)
  }

  /** Assign it to a team member. */
  @Post(':id/assign')
  @HttpCode(200)
  async assign(@Me() me: Principal, @IdParam() id: number, @Body() body: AssignDto): Promise<EmailView> {
    await this.emails.assign(me, id, body.memberId)
    return this.reader.read(me.tenantId, id)
  }

  /** Take it from whoever has it. */
  @Post(':id/unassign')
  @HttpCode(200)
  async unassign(@Me() me: Principal, @IdParam() id: number): Promise<EmailView> {
    await this.emails.unassign(me, id)
    return this.reader.read(me.tenantId, id)
  }

  /**
   * Answer it, and with it all mail of its conversation that has come so far. The reply is stored, stops the clock, and
   * is then sent through SMTP_URL when that is set.
   */
  @Post(':id/reply')
  @BodyLimit(MAIL_LIMIT)
  async reply(@Me() me: Principal, @IdParam() id: number, @Body() body: ReplyDto): Promise<EmailView> {
    await this.replies.reply(me, id, body)
    return this.reader.read(me.tenantId, id)
  }

  /** Close it and the rest of its conversation: nothing more is to be done. Stops the clock. */
  @Post(':id/resolve')
  @HttpCode(200)
  async resolve(@Me() me: Principal, @IdParam() id: number): Promise<EmailView> {
    await this.conversations.resolve(me, id)
    return this.reader.read(me.tenantId, id)
  }

  /** Open a resolved email again. The rest of its conversation stays closed. */
  @Post(':id/reopen')
  @HttpCode(200)
  async reopen(@Me() me: Principal, @IdParam() id: number): Promise<EmailView> {
    await this.conversations.reopen(me, id)
    return this.reader.read(me.tenantId, id)
  }
}

const addressOf = ({ address, name }: AddressDto) => ({ address: lowerCase(address), name: name ?? null })
