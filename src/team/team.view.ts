import type { MemberRole } from './team-member.entity.js'

export class MemberView {
  /** @example 7 */
  id: number
  name: string
  email: string
  role: MemberRole
  isActive: boolean
  createdAt: Date
  updatedAt: Date
}

export class MemberPage {
  data: MemberView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}
