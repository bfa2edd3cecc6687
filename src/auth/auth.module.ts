import { Module } from '@nestjs/common'
import { JwtModule } from '@nestjs/jwt'
import { PassportModule } from '@nestjs/passport'
import { AccessTokens, JwtStrategy } from './access-tokens.js'
import { AuthLimits } from './auth-limits.service.js'
import { AuthController } from './auth.controller.js'
import { JwtGuard } from './auth.guard.js'
import { Auth } from './auth.service.js'
import { RefreshTokens } from './refresh-tokens.js'
import { Registration } from './registration.js'
import { SessionWatch } from './session-watch.js'
import { Sessions } from './sessions.service.js'
import { Standings } from './standings.service.js'
import { StreamTickets } from './stream-tickets.service.js'

@Module({
  imports: [PassportModule, JwtModule.register({})],
  controllers: [AuthController],
  providers: [
    ...[Auth, AuthLimits, Registration, Sessions, RefreshTokens],
    ...[Standings, SessionWatch, AccessTokens, JwtStrategy, JwtGuard, StreamTickets],
  ],
  exports: [SessionWatch, StreamTickets],
})
export class AuthModule {}
