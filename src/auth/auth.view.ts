import type { Role } from '../http/principal.js'

export class UserView {
  /** @example "6f1c1d1e-8f5e-4c57-9d1f-5b0c5a3e2f10" */
  id: string
  /** @example "ada@example.com" */
  email: string
  /** @example "Ada Lovelace" */
  name: string
  /** @example "admin" */
  role: Role
  /**
   * The account owner's id: all of a tenant's people share it.
   * @example "6f1c1d1e-8f5e-4c57-9d1f-5b0c5a3e2f10"
   */
  tenantId: string
  createdAt: Date
}

export class TokensView {
  user: UserView
  /**
   * A JWT for `Authorization: Bearer …`.
   * @example "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI2ZjFjIn0.c2lnbmF0dXJl"
   */
  accessToken: string
  /**
   * Seconds until the access token ends.
   * @example 900
   */
  expiresIn: number
  /**
   * Good for one `POST /auth/refresh`, which gives the next one.
   * @example "bxwdHo9eTFedH1sMWjB4qN2vBEp6Qy9xTt1kY0ZrUu5mW3cLh7sDg2fJ8aVnKxRbPq4eHtCy6iMwOz0lGjXvSA"
   */
  refreshToken: string
}
