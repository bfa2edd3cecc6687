import { applyDecorators, Injectable } from '@nestjs/common'
import { ApiExtension } from '@nestjs/swagger'
import type { FastifyReply, FastifyRequest } from 'fastify'
import passport from 'passport'
import type { Principal, Role } from '../http/principal.js'
import { Problem } from '../http/problem.js'
import { RouteSettings } from '../http/route-settings.js'
import { JwtStrategy } from './access-tokens.js'
import { StreamTickets } from './stream-tickets.service.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    isPublic?: boolean
    roles?: Role[]
    takesTicket?: boolean
  }
  interface FastifyRequest {
    user?: Principal
  }
}

/** Needs no credential: the exception. */
export const Public = () => applyDecorators(RouteSettings({ isPublic: true }), ApiExtension('x-public', true))

/** Only for these roles; everyone of the tenant otherwise. */
export const Roles = (...roles: Role[]) =>
  applyDecorators(RouteSettings({ roles }), ApiExtension('x-roles', roles))

/** Lets a single-use `ticket` in the query stand for the access token. */
export const TakesTicket = () => RouteSettings({ takesTicket: true })

/**
 * Every route of the API needs a credential and, where it says so, a role. It is a hook of Fastify and not a guard of Nest,
 * which would be asked once the body has been read and parsed: a stranger's costs nothing.
 */
@Injectable()
export class JwtGuard {
  constructor(
    private readonly strategy: JwtStrategy,
    private readonly tickets: StreamTickets,
  ) {}

  /** @throws Problem 401 or 403 */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { url, config } = request.routeOptions
    if (config.isPublic || !url?.startsWith('/api/')) return
    const { ticket } = request.query as { ticket?: unknown }
    request.user =
      config.takesTicket && typeof ticket === 'string' && request.method === 'GET'
        ? await this.tickets.redeem(ticket)
        : await this.principalOf(request, reply)
    if (config.roles && !config.roles.includes(request.user.role))
      throw new Problem(403, 'forbidden', `This needs the role ${config.roles.join(' or ')}`)
  }

  private principalOf(request: FastifyRequest, reply: FastifyReply): Promise<Principal> {
    // Passport keeps what it is to do next in the strategy it is given: each request has one of its own.
    const strategy = Object.create(this.strategy) as JwtStrategy
    return new Promise((resolve, reject) => {
      const judged = (error: unknown, user: Principal | false) =>
        error ? reject(error as Error) : user ? resolve(user) : reject(unauthorized())
      passport.authenticate(strategy, { session: false }, judged)(request, reply, reject)
    })
  }
}

const unauthorized = () =>
  new Problem(401, 'unauthorized', 'A valid access token is needed: Authorization: Bearer …')
