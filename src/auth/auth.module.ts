import { Module } from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { JwtModule } from '@nestjs/jwt'
import { PassportModule } from '@nestjs/passport'
import { AccessTokens, JwtStrategy } from './access-tokens.js'
import { AuthController } from './auth.controller.js'
import { JwtGuard } from './auth.guard.js'
import { Auth } from './auth.service.js'
import { Sessions } from './sessions.service.js'

@Module({
  imports: [PassportModule, JwtModule.register({})],
  controllers: [AuthController],
  providers: [Auth, Sessions, AccessTokens, JwtStrategy, { provide: APP_GUARD, useClass: JwtGuard }],
  exports: [Sessions],
})
export class AuthModule {}
