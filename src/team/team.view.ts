import type { MemberRole } from './team-member.entity.js'

export class MemberView {
  /** @example 7 */
  id: number
  /** @example "Grace Hopper" */
  name: string
  /** @example "grace@example.com" */
  email: string
  /** @example "agent" */
  role: MemberRole
  /** @example true */
  isActive: boolean
  createdAt: Date
  updatedAt: Date
}

export class MemberPage {
  data: MemberView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}
