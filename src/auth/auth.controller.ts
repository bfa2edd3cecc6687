import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ActsOnSession } from '../http/acts-on-session.decorator.js'
import { BodyLimit, KIB } from '../http/bodies.js'
import { clientOf } from '../http/client-address.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import type { Caller } from './auth-limits.service.js'
import { LoginDto, RefreshDto, RegisterDto } from './auth.dto.js'
import { Public } from './auth.guard.js'
import { Auth } from './auth.service.js'
import { TokensView, UserView } from './auth.view.js'
import { Sessions, type Device } from './sessions.service.js'

@BodyLimit(16 * KIB)
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: Auth,
    private readonly sessions: Sessions,
  ) {}

  /** Create an account: a new tenant, with you as its administrator. */
  @Public()
  @MayAnswer(403, 429)
  @Post('register')
  register(
    @Body() body: RegisterDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensView> {
    return this.auth.register(body, deviceOf(request), callerOf(request, reply))
  }

  /** Sign in. */
  @Public()
  @MayAnswer(429)
  @Post('login')
  @HttpCode(200)
  login(
    @Body() body: LoginDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensView> {
    return this.auth.login(body, deviceOf(request), callerOf(request, reply))
  }

  /**
   * Trade a refresh token for new tokens. The same within 60 seconds gives the same refresh token again, so that it may be
   * repeated when the answer was lost; any older token ends the session.
   */
  @Public()
  @MayAnswer(429)
  @Post('refresh')
  @HttpCode(200)
  refresh(
    @Body() body: RefreshDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensView> {
    return this.auth.refresh(body.refreshToken, callerOf(request, reply))
  }

  /** Sign out: ends this session and its refresh token. */
  @ActsOnSession()
  @Post('logout')
  @HttpCode(204)
  logout(@Me() me: Principal): Promise<void> {
    return this.sessions.end(me.sessionId)
  }

  /** Who you are. */
  @Get('me')
  me(@Me() me: Principal): Promise<UserView> {
    return this.auth.me(me)
  }
}

const deviceOf = (request: FastifyRequest): Device => ({
  ipAddress: clientOf(request),
  userAgent: request.headers['user-agent']?.slice(0, 500) ?? null,
})

const callerOf = (request: FastifyRequest, reply: FastifyReply): Caller => ({
  client: clientOf(request),
  tell: (headers) => void reply.headers(headers),
})
