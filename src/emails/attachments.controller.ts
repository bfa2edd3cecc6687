import { Controller, Get, Res } from '@nestjs/common'
import { ApiOkResponse } from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { UnitOfWork } from '../database/unit-of-work.js'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { notFound } from '../http/problem.js'
import { Attachment } from './attachment.entity.js'

/** What a browser shows harmlessly; everything else is bytes to it. */
const HARMLESS = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'text/plain',
])

const OTHER = 'application/octet-stream'

@Controller('emails/:id/attachments')
export class AttachmentsController {
  constructor(private readonly work: UnitOfWork) {}

  /** Download an attachment. Always as a download: what strangers sent never runs in this origin. */
  @Get(':attachmentId')
  @ApiOkResponse({ content: Object.fromEntries([OTHER, ...HARMLESS].map((type) => [type, {}])) })
  async download(
    @Me() me: Principal,
    @IdParam() emailId: number,
    @IdParam('attachmentId') id: number,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = await this.work.run((tx) =>
      tx.manager.findOneBy(Attachment, { id, emailId, userId: me.tenantId }),
    )
    if (!file) throw notFound('attachment')
    await reply
      .type(HARMLESS.has(file.contentType) ? file.contentType : OTHER)
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeFilename(file.filename)}`)
      .header('content-security-policy', "sandbox; default-src 'none'")
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'private, no-store')
      .send(file.content)
  }
}

/** RFC 8187: encodeURIComponent leaves a few characters that a header parameter may not hold. */
const encodeFilename = (name: string) =>
  encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
