import { createParamDecorator, type ExecutionContext } from '@nestjs/common'

export const ROLES = ['admin', 'manager', 'agent'] as const
export type Role = (typeof ROLES)[number]

/** Who is asking, from a verified credential. */
export interface Principal {
  userId: string
  /** The account owner's id: the only rows this request may touch are this tenant's. */
  tenantId: string
  role: Role
  sessionId: string
  /** When the credential ends; what lasts longer than a request must end with it. */
  expiresAt: Date
}

export const Me = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<{ user: Principal }>().user,
)
