import { PRIORITIES, TIERS } from '../emails/email.entity.js'
import { unprocessable } from '../http/problem.js'
import type { SlaSetting } from './sla-setting.entity.js'

/** @throws Problem 422 for a policy all of whose mail others take before it */
export function refuseUnreachable(order: SlaSetting[], policy: SlaSetting): void {
  if (!policy.isActive || policy.isDefault) return
  const takesTheRest = otherConditionsOf(policy)
  const earlier = order.slice(0, order.indexOf(policy)).filter((one) => one.isActive && takesTheRest(one))
  const takers = new Set<SlaSetting>()
  for (const priority of policy.priorities ?? PRIORITIES)
    for (const tier of policy.customerTiers ?? TIERS) {
      const taker = earlier.find(
        ({ priorities, customerTiers }) =>
          (priorities ?? PRIORITIES).includes(priority) && (customerTiers ?? TIERS).includes(tier),
      )
      if (!taker) return
      takers.add(taker)
    }
  const names = [...takers].map(({ name }) => `“${name}”`).join(', ')
  throw unprocessable(
    [{ field: 'position', message: `leaves it without mail: ${names} before it take all that it matches` }],
    'unreachable_policy',
  )
}

/** Whether another policy takes all that this one does, but for priority and tier: asked of up to a hundred of them. */
function otherConditionsOf({ mailboxIds, categories, senderDomains }: SlaSetting) {
  const takesMailboxes = coverOf(mailboxIds, (id) => [id])
  const takesCategories = coverOf(categories, (name) => [name])
  const takesDomains = coverOf(senderDomains, (domain) => [...withThoseAbove(domain)])
  return (one: SlaSetting): boolean =>
    takesMailboxes(one.mailboxIds) && takesCategories(one.categories) && takesDomains(one.senderDomains)
}

/**
 * Whether a list of another policy takes every one of these. Null is any.
 * @param takersOf what takes such a one
 */
function coverOf<T>(
  ours: T[] | null | undefined,
  takersOf: (one: T) => T[],
): (theirs: T[] | null | undefined) => boolean {
  const takers = ours?.map(takersOf)
  return (theirs) => {
    if (!theirs) return true
    const known = new Set(theirs)
    return takers?.every((names) => names.some((name) => known.has(name))) === true
  }
}

function* withThoseAbove(domain: string): Generator<string> {
  for (let rest = domain; rest.includes('.'); rest = rest.slice(rest.indexOf('.') + 1)) yield rest
}
