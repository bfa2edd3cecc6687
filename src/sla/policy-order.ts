import type { Transaction } from '../database/transaction.js'
import { conflict, notFound } from '../http/problem.js'
import type { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { refuseUnreachable } from './policy-reach.js'
import { inputOf, refuseUnusable, type Hold } from './policy-rules.js'
import { DEFINING } from './sla-setting-version.entity.js'
import { SlaSetting } from './sla-setting.entity.js'
import type { ChangeSettingDto, CreateSettingDto } from './sla-settings.dto.js'

const MOST_POLICIES = 100

/** What a change makes of a tenant's policies, before it is carried out, or only tried out. */
export interface PolicyPlan {
  policy: SlaSetting
  isNewVersion: boolean
  /** All of them in their new order. */
  order: SlaSetting[]
  /** Whether mail may be measured otherwise from now on. */
  isFeltByClocks: boolean
}

export interface PresentPolicies {
  tenantId: string
  policies: SlaSetting[]
  calendars: CompiledCalendars
  hold: Hold
}

/** @throws Problem 422 naming what is wrong, also for a policy that would never be reached; 409 when there are too many */
export async function planCreation(
  tx: Transaction,
  { tenantId, policies, calendars, hold }: PresentPolicies,
  input: CreateSettingDto,
): Promise<PolicyPlan> {
  if (policies.length >= MOST_POLICIES)
    throw conflict('too_many_policies', `A tenant has at most ${MOST_POLICIES} policies`)
  const columns = { ...inputOf(input), name: input.name, userId: tenantId, position: policies.length + 1 }
  const policy = tx.manager.create(SlaSetting, { ...UNLESS_SAID, ...columns })
  await refuseUnusable(tx, policy, calendars, {}, hold)
  const order = moved([...policies, policy], policy, input.position ?? 1)
  refuseUnreachable(order, policy)
  return { policy, isNewVersion: true, order, isFeltByClocks: policy.isActive }
}

/** @throws Problem 422 as `planCreation`; the default keeps its place and takes everything */
export async function planChange(
  tx: Transaction,
  { policies, calendars, hold }: PresentPolicies,
  id: number,
  input: ChangeSettingDto,
): Promise<PolicyPlan> {
  const policy = findPolicy(policies, id)
  const [definition, inForce] = [definitionOf(policy), inForceOf(policies)]
  Object.assign(policy, inputOf(input), input.name !== undefined && { name: input.name })
  await refuseUnusable(tx, policy, calendars, input, hold)
  const order = input.position === undefined ? policies : moved(policies, policy, input.position)
  refuseUnreachable(order, policy)
  const isNewVersion = definitionOf(policy) !== definition
  if (isNewVersion) policy.version++
  return { policy, isNewVersion, order, isFeltByClocks: inForceOf(order) !== inForce }
}

/** @throws Problem 409 for the default */
export function planRemoval({ policies }: Pick<PresentPolicies, 'policies'>, id: number): PolicyPlan {
  const policy = findPolicy(policies, id)
  if (policy.isDefault) throw conflict('default_policy', 'The default policy stays; change it instead')
  const order = policies.filter((one) => one !== policy)
  return { policy, isNewVersion: false, order, isFeltByClocks: policy.isActive }
}

/** @throws Problem 404 */
export function findPolicy(policies: SlaSetting[], id: number): SlaSetting {
  const policy = policies.find((one) => one.id === id)
  if (!policy) throw notFound('SLA policy')
  return policy
}

/** As the columns default to. */
const UNLESS_SAID = { isDefault: false, isActive: true, version: 1, warningPercent: 20 }

/** The policies with this one at its new place, and the default last. */
function moved(policies: SlaSetting[], policy: SlaSetting, position: number): SlaSetting[] {
  const others = policies.filter((one) => one !== policy)
  others.splice(position - 1, 0, policy)
  return [...others.filter(({ isDefault }) => !isDefault), ...others.filter(({ isDefault }) => isDefault)]
}

/** The versions that mail is measured by, in their order. */
const inForceOf = (policies: SlaSetting[]): string =>
  JSON.stringify(policies.flatMap(({ id, version, isActive }) => (isActive ? [[id, version]] : [])))

/** A new name is no new version. */
const definitionOf = (policy: SlaSetting): string =>
  JSON.stringify(DEFINING.filter((key) => key !== 'name').map((key) => policy[key]))
