import { describe, expect, it } from 'vitest'
import { PRIORITIES, TIERS } from '../src/emails/email.entity.js'
import { refuseUnreachable } from '../src/sla/policy-reach.js'
import type { SlaSetting } from '../src/sla/sla-setting.entity.js'
import { pick, randomly, type Random } from './support/random.js'

const DOMAINS = ['a.org', 'b.a.org', 'c.b.a.org', 'ba.org', 'org.test']
const CATEGORIES = ['billing', 'sales']
const MAILBOXES = [1, 2]

describe('a policy is unreachable when, and only when, some policy before it takes every mail it matches', () => {
  const verdicts = new Set<boolean>()

  it.each(Array.from({ length: 400 }, (_, seed) => seed))('in random order %i', (seed) => {
    const random = randomly(seed)
    const order = Array.from({ length: random.integer(1, 8) }, () => randomPolicy(random))
    const policy = order.at(-1)!
    const earlier = order.slice(0, -1).filter(({ isActive }) => isActive)
    const isTaken = (priority: string, tier: string) =>
      earlier.some(
        (one) =>
          (one.priorities ?? PRIORITIES).includes(priority as never) &&
          (one.customerTiers ?? TIERS).includes(tier as never) &&
          covers(one.mailboxIds, policy.mailboxIds, (a, b) => a === b) &&
          covers(one.categories, policy.categories, (a, b) => a === b) &&
          covers(one.senderDomains, policy.senderDomains, (a, b) => a === b || b.endsWith(`.${a}`)),
      )
    const isUnreachable =
      policy.isActive &&
      (policy.priorities ?? PRIORITIES).every((priority) =>
        (policy.customerTiers ?? TIERS).every((tier) => isTaken(priority, tier)),
      )
    verdicts.add(isUnreachable)
    const refuse = () => refuseUnreachable(order, policy)
    if (isUnreachable) expect(refuse).toThrow(expect.objectContaining({ code: 'unreachable_policy' }))
    else expect(refuse).not.toThrow()
  })

  it('both of which happens', () => expect(verdicts.size).toBe(2))
})

/** Each of `b` is within one of `a`; null is any. */
const covers = <T>(a: T[] | null, b: T[] | null, isWithin: (one: T, other: T) => boolean): boolean =>
  !a || (b !== null && b.every((other) => a.some((one) => isWithin(one, other))))

const some = <T>(random: Random, from: readonly T[], ofNull: number): T[] | null => {
  if (random.chance(ofNull)) return null
  const chosen = from.filter(() => random.chance(0.6))
  return chosen.length > 0 ? chosen : [pick(random, [...from])]
}

const randomPolicy = (random: Random): SlaSetting => {
  const conditions = {
    priorities: some(random, PRIORITIES, 0.5),
    customerTiers: some(random, TIERS, 0.5),
    mailboxIds: some(random, MAILBOXES, 0.7),
    categories: some(random, CATEGORIES, 0.7),
    senderDomains: some(random, DOMAINS, 0.4),
  }
  return {
    ...conditions,
    name: 'P',
    isActive: random.chance(0.9),
    isDefault: false,
  } as unknown as SlaSetting
}
