import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { RotateDto } from './webhook-secrets.dto.js'
import { WebhookSecrets } from './webhook-secrets.service.js'
import { SecretView } from './webhook-secrets.view.js'

@Roles('admin')
@Controller('webhooks/:id/secret')
export class WebhookSecretsController {
  constructor(private readonly secrets: WebhookSecrets) {}

  /** Show the signing secret. Not a GET: nothing on the way may keep it. */
  @Post('reveal')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  reveal(@Me() me: Principal, @IdParam() id: number): Promise<SecretView> {
    return this.secrets.reveal(me.tenantId, id)
  }

  /**
   * Replace the signing secret. Until their overlaps end, `webhook-signature` carries a signature by each old secret and by
   * the new one; `X-Webhook-Signature`, which has room for one, is by the oldest that still signs. 409 where ten still do.
   */
  @Post('rotate')
  @ApiBody({ type: RotateDto, required: false })
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  rotate(@Me() me: Principal, @IdParam() id: number, @Body() body: RotateDto): Promise<SecretView> {
    return this.secrets.rotate(me.tenantId, id, body)
  }
}
