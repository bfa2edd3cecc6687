import { applyDecorators, Injectable, SetMetadata, type ExecutionContext } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { AuthGuard } from '@nestjs/passport'
import { ApiExtension } from '@nestjs/swagger'
import type { Principal, Role } from '../http/principal.js'
import { Problem } from '../http/problem.js'

const PUBLIC = 'public'
const ALLOWED_ROLES = 'roles'

/** Needs no credential: the exception. */
export const Public = () => applyDecorators(SetMetadata(PUBLIC, true), ApiExtension('x-public', true))

/** Only for these roles; everyone of the tenant otherwise. */
export const Roles = (...roles: Role[]) =>
  applyDecorators(SetMetadata(ALLOWED_ROLES, roles), ApiExtension('x-roles', roles))

/** Every route needs a credential and, where it says so, a role. */
@Injectable()
export class JwtGuard extends AuthGuard('jwt') {
  constructor(private readonly reflector: Reflector) {
    super()
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()]
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, places)) return true
    await super.canActivate(context)
    const roles = this.reflector.getAllAndOverride<Role[] | undefined>(ALLOWED_ROLES, places)
    const { user } = context.switchToHttp().getRequest<{ user: Principal }>()
    if (roles && !roles.includes(user.role))
      throw new Problem(403, 'forbidden', `This needs the role ${roles.join(' or ')}`)
    return true
  }

  override handleRequest<User>(error: unknown, user: User): User {
    if (error) throw error
    if (!user)
      throw new Problem(401, 'unauthorized', 'A valid access token is needed: Authorization: Bearer …')
    return user
  }
}
