import { Injectable } from '@nestjs/common'
import { lowerCase } from '../database/lower-case.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { Principal } from '../http/principal.js'
import { conflict, Problem } from '../http/problem.js'
import { ACCESS_TOKEN_SECONDS, AccessTokens, sessionEnded } from './access-tokens.js'
import { Account } from './account.entity.js'
import { AuthLimits, type Caller } from './auth-limits.service.js'
import type { LoginDto, RegisterDto } from './auth.dto.js'
import type { TokensView, UserView } from './auth.view.js'
import { hashPassword, passwordMatches } from './passwords.js'
import { Registration } from './registration.js'
import { Sessions, type Device, type OpenSession } from './sessions.service.js'
import { User } from './user.entity.js'

@Injectable()
export class Auth {
  constructor(
    private readonly work: UnitOfWork,
    private readonly sessions: Sessions,
    private readonly tokens: AccessTokens,
    private readonly limits: AuthLimits,
    private readonly registration: Registration,
  ) {}

  /**
   * Creates a tenant and its owner, signed in.
   * @throws Problem 403 when nobody may register, 409 when the address has an account, 429
   */
  async register(input: RegisterDto, device: Device, caller: Caller): Promise<TokensView> {
    await this.registration.check()
    const passwordHash = await this.limits.register(caller, () => hashPassword(input.password))
    return this.work.run(async (tx) => {
      await this.registration.checkWithin(tx)
      const email = lowerCase(input.email)
      const [taken] = await tx.query(`select from "user" where lower(email) = lower($1)`, [email])
      if (taken) throw emailTaken()
      const user = await tx.manager.save(tx.manager.create(User, { email, name: input.name, role: 'admin' }))
      await tx.manager.insert(Account, {
        userId: user.id,
        providerId: 'credential',
        accountId: user.id,
        passwordHash,
      })
      return (await this.signIn(tx, user, device))!
    })
  }

  /** @throws Problem 401, the same for an unknown address and a wrong password; 429 */
  async login(input: LoginDto, device: Device, caller: Caller): Promise<TokensView> {
    const email = lowerCase(input.email)
    const user = await this.limits.guess(email, caller, () => this.userWith(email, input.password))
    const tokens = user && (await this.work.run((tx) => this.signIn(tx, user, device)))
    if (!tokens) throw wrongCredentials()
    return tokens
  }

  /**
   * Only what would be traded counts, and theft is judged first: a session that is over its limit must end by it, too.
   * @throws Problem 401, 429
   */
  async refresh(refreshToken: string, caller: Caller): Promise<TokensView> {
    const { sessionId, isGood } = await this.sessions.judge(refreshToken)
    if (isGood) await this.limits.refresh(sessionId, caller)
    const session = await this.sessions.rotate(refreshToken)
    const user = await this.userById(session.userId)
    return this.tokensFor(user, session)
  }

  async me(principal: Principal): Promise<UserView> {
    return viewOf(await this.userById(principal.userId))
  }

  private async userWith(email: string, password: string): Promise<User | undefined> {
    const [user] = await this.work.query<User & { passwordHash: string | null }>(
      `select u.id, u.email, u.name, u.role, u.owner_id as "ownerId", u.created_at as "createdAt",
              a.password_hash as "passwordHash"
       from "user" u left join account a on a.user_id = u.id and a.provider_id = 'credential'
       where lower(u.email) = lower($1)`,
      [email],
    )
    return (await passwordMatches(user?.passwordHash ?? null, password)) ? user : undefined
  }

  private async signIn(tx: Transaction, user: User, device: Device): Promise<TokensView | undefined> {
    const session = await this.sessions.open(tx, user.id, device)
    return session && this.tokensFor(user, session)
  }

  private async tokensFor(user: User, session: OpenSession): Promise<TokensView> {
    const { sessionId, refreshToken, issuedAt } = session
    const principal = { userId: user.id, tenantId: tenantOf(user), role: user.role, sessionId }
    const accessToken = await this.tokens.sign(principal, issuedAt)
    return { user: viewOf(user), accessToken, expiresIn: ACCESS_TOKEN_SECONDS, refreshToken }
  }

  /** @throws Problem 401 when the user has been removed, and all sessions with it */
  private async userById(id: string): Promise<User> {
    const user = await this.work.run((tx) => tx.manager.findOneBy(User, { id }))
    if (!user) throw sessionEnded()
    return user
  }
}

const tenantOf = (user: User) => user.ownerId ?? user.id

function viewOf(user: User): UserView {
  const { id, email, name, role, createdAt } = user
  return { id, email, name, role, tenantId: tenantOf(user), createdAt }
}

const emailTaken = () => conflict('email_taken', 'This address already has an account; sign in instead')

const wrongCredentials = () =>
  new Problem(401, 'invalid_credentials', 'This address and password do not belong together')
