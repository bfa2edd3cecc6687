import { createSecretKey } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { JwtService } from '@nestjs/jwt'
import { PassportStrategy } from '@nestjs/passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { Config } from '../config/config.js'
import type { Principal, Role } from '../http/principal.js'
import { Problem } from '../http/problem.js'
import { Sessions } from './sessions.service.js'

export const ACCESS_TOKEN_SECONDS = 15 * 60
const ALGORITHM = 'HS256'
const ISSUER = 'punctual'
const AUDIENCE = 'punctual-api'

interface Claims {
  sub: string
  tid: string
  sid: string
  role: Role
}

/** Of a verified token: seconds since 1970. */
type Verified = Claims & { exp: number }

@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly config: Config,
  ) {}

  sign({ userId, tenantId, sessionId, role }: Omit<Principal, 'expiresAt'>): Promise<string> {
    const claims: Claims = { sub: userId, tid: tenantId, sid: sessionId, role }
    return this.jwt.signAsync(claims, {
      secret: this.config.JWT_SECRET,
      algorithm: ALGORITHM,
      issuer: ISSUER,
      audience: AUDIENCE,
      expiresIn: ACCESS_TOKEN_SECONDS,
    })
  }
}

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(
    config: Config,
    private readonly sessions: Sessions,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      // A key object: given text, jsonwebtoken first tries to read it as a public key, at every request.
      secretOrKey: createSecretKey(Buffer.from(config.JWT_SECRET)) as unknown as Buffer,
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
    })
  }

  async validate(claims: Verified): Promise<Principal> {
    if (!(await this.sessions.isLive(claims.sid)))
      throw new Problem(401, 'session_ended', 'This session has ended; sign in again')
    const { sub: userId, tid: tenantId, sid: sessionId, role, exp } = claims
    return { userId, tenantId, sessionId, role, expiresAt: new Date(exp * 1_000) }
  }
}
