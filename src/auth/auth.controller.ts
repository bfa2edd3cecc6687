import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { ActsOnSession } from '../http/acts-on-session.decorator.js'
import { BodyLimit, KIB } from '../http/bodies.js'
import { Me, type Principal } from '../http/principal.js'
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
  @Post('register')
  register(@Body() body: RegisterDto, @Req() request: FastifyRequest): Promise<TokensView> {
    return this.auth.register(body, deviceOf(request))
  }

  /** Sign in. */
  @Public()
  @Post('login')
  @HttpCode(200)
  login(@Body() body: LoginDto, @Req() request: FastifyRequest): Promise<TokensView> {
    return this.auth.login(body, deviceOf(request))
  }

  /**
   * Trade a refresh token for new tokens. The same within 60 seconds gives the same refresh token again, so that it may be
   * repeated when the answer was lost; any older token ends the session.
   */
  @Public()
  @Post('refresh')
  @HttpCode(200)
  refresh(@Body() body: RefreshDto): Promise<TokensView> {
    return this.auth.refresh(body.refreshToken)
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
  ipAddress: request.ip,
  userAgent: request.headers['user-agent']?.slice(0, 500) ?? null,
})
