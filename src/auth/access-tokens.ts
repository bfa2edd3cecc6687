import { createSecretKey } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { JwtService } from '@nestjs/jwt'
import { PassportStrategy } from '@nestjs/passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { z } from 'zod'
import { Config } from '../config/config.js'
import type { Principal } from '../http/principal.js'
import { Problem } from '../http/problem.js'
import { Standings } from './standings.service.js'

export const ACCESS_TOKEN_SECONDS = 15 * 60
const ALGORITHM = 'HS256'
const ISSUER = 'punctual'
const AUDIENCE = 'punctual-api'
/** The last second that a `Date` can hold. */
const LAST_SECOND = 8.64e12
/** Of 0.2.0, whose tokens tell the time of the process that made them. */
const CLOCKS_DIFFER_SECONDS = 60

/**
 * RFC 7519 leaves all of this optional; ours say it always. `crit` names extensions that must be understood (RFC 7515,
 * section 4.1.11), and there are none here.
 */
const headerSchema = z.object({ typ: z.literal('JWT'), crit: z.never().optional() })
const claimsSchema = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  iat: z.number().min(0).max(LAST_SECOND),
  exp: z.number().min(0).max(LAST_SECOND),
})

@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly config: Config,
  ) {}

  /**
   * Names the session; `tid` and `role` are only for 0.2.0, which believes them.
   * @param issuedAt in seconds since 1970
   */
  sign(
    { userId, tenantId, sessionId, role }: Omit<Principal, 'expiresAt'>,
    issuedAt: number,
  ): Promise<string> {
    const claims = { sub: userId, tid: tenantId, sid: sessionId, role, iat: issuedAt }
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
    private readonly standings: Standings,
  ) {
    // A key object: given text, jsonwebtoken first tries to read it as a public key, at every request.
    const key = createSecretKey(Buffer.from(config.JWT_SECRET)) as unknown as Buffer
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: (_request, token: string, done) =>
        isWellFormed(token) ? done(null, key) : done(new Error('Not a token of ours')),
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
    })
  }

  /** The token says which session asks; the database says who that is, and whether it still is. */
  async validate(claims: unknown): Promise<Principal> {
    const { sub, sid, iat, exp } = claimsSchema.parse(claims)
    const standing = await this.standings.of(sid)
    if (standing?.userId !== sub) throw sessionEnded()
    const { readAt, ...who } = standing
    if (iat > readAt + CLOCKS_DIFFER_SECONDS)
      throw new Problem(401, 'unauthorized', 'This access token is from the future')
    return { ...who, expiresAt: new Date(exp * 1_000) }
  }
}

export const sessionEnded = () => new Problem(401, 'session_ended', 'This session has ended; sign in again')

/** Whether the token has the parts that ours have. Nothing is proven by that; the signature is judged later. */
function isWellFormed(token: string): boolean {
  try {
    const [header, claims] = token.split('.', 2).map((part) => JSON.parse(textOf(part)) as unknown)
    return headerSchema.safeParse(header).success && claimsSchema.safeParse(claims).success
  } catch {
    return false
  }
}

const textOf = (part: string) => Buffer.from(part, 'base64url').toString('utf8')
