import type { Tier } from './email.entity.js'

export class CustomerTierView {
  /** @example 12 */
  id: number
  /**
   * An address or a domain, in lower case, the domain in ASCII.
   * @example "example.com"
   */
  matches: string
  /** @example "vip" */
  tier: Tier
  createdAt: Date
  updatedAt: Date
}

export class CustomerTierPage {
  data: CustomerTierView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export class KeptTiersView {
  /** @example 40 */
  created: number
  /**
   * They had another tier before.
   * @example 2
   */
  updated: number
  /** @example 958 */
  unchanged: number
}
