import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { DEFAULT_POLICIES } from './default-policies.js'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import {
  findPolicy,
  planChange,
  planCreation,
  planRemoval,
  type PolicyPlan,
  type PresentPolicies,
} from './policy-order.js'
import { SlaRevisions } from '../calendars/revisions.service.js'
import { MAY_CHANGE } from './recomputables.js'
import { SlaSetting } from './sla-setting.entity.js'
import type { ChangeSettingDto, CreateSettingDto } from './sla-settings.dto.js'
import type { RecomputationView, SettingView } from './sla-settings.view.js'

const MOST_COUNTED = 10_000

/** A tenant's policies. A change that clocks depend on reaches those that run, as a new revision. */
@Injectable()
export class SlaSettings {
  constructor(
    private readonly work: UnitOfWork,
    private readonly revisions: SlaRevisions,
    private readonly calendars: CompiledCalendars,
  ) {}

  list(tenantId: string): Promise<SettingView[]> {
    return this.work.run(async (tx) => (await this.all(tx, tenantId)).map(viewOf))
  }

  read(tenantId: string, id: number): Promise<SettingView> {
    return this.work.run(async (tx) => viewOf(findPolicy(await this.all(tx, tenantId), id)))
  }

  /** @throws Problem 422 naming what is wrong, also for a policy that would never be reached */
  create(tenantId: string, input: CreateSettingDto): Promise<SettingView> {
    return this.carryOut(tenantId, async (tx, present) => {
      const { policy, ...plan } = await planCreation(tx, present, input)
      await tx.manager.save(policy)
      await storeVersion(tx, policy.id)
      await this.putInForce(tx, tenantId, plan)
      return this.fresh(tx, tenantId, policy.id)
    })
  }

  /** @throws Problem 422 as `create`; the default keeps its place and takes everything */
  change(tenantId: string, id: number, input: ChangeSettingDto): Promise<SettingView> {
    return this.carryOut(tenantId, async (tx, present) => {
      const { policy, ...plan } = await planChange(tx, present, id, input)
      await tx.manager.save(policy)
      if (plan.isNewVersion) await storeVersion(tx, id)
      await this.putInForce(tx, tenantId, plan)
      return this.fresh(tx, tenantId, id)
    })
  }

  /** Its mail falls to the next policy that matches. @throws Problem 409 for the default */
  remove(tenantId: string, id: number): Promise<void> {
    return this.carryOut(tenantId, async (tx, present) => {
      const plan = planRemoval(present, id)
      await tx.manager.delete(SlaSetting, { id, userId: tenantId })
      await this.putInForce(tx, tenantId, plan)
    })
  }

  /** How far the last change has come. Asked again and again, while there may be a million clocks. */
  async recomputation(tenantId: string): Promise<RecomputationView> {
    const [row] = await this.work.query<RecomputationView>(
      `select r.revision, r.applied = r.revision as "isComplete", r.changed_at as "changedAt",
         case when r.applied = r.revision then 0 else (select count(*)::int from (
           select from sla_clocks c where c.user_id = r.user_id and c.revision < r.revision and ${MAY_CHANGE}
           limit $2
         ) as pending) end as "pendingClocks"
       from sla_revisions r where r.user_id = $1`,
      [tenantId, MOST_COUNTED],
    )
    return row ?? { revision: 0, isComplete: true, pendingClocks: 0, changedAt: null }
  }

  /** Gives tenants that have no policies yet the ones to start with. */
  async furnish(tx: Transaction, tenantIds: string[]): Promise<void> {
    await tx.query(FURNISH, [tenantIds.toSorted(), JSON.stringify(DEFAULT_POLICIES)])
  }

  private carryOut<T>(
    tenantId: string,
    change: (tx: Transaction, present: PresentPolicies) => Promise<T>,
  ): Promise<T> {
    return this.work.run(async (tx) => {
      await this.revisions.lock(tx, tenantId)
      const policies = await this.all(tx, tenantId)
      return change(tx, { tenantId, policies, calendars: this.calendars, hold: 'for key share of c' })
    })
  }

  private async putInForce(
    tx: Transaction,
    tenantId: string,
    plan: Omit<PolicyPlan, 'policy'>,
  ): Promise<void> {
    await storeOrder(tx, plan.order)
    if (plan.isFeltByClocks) await this.revisions.bump(tx, tenantId)
  }

  /** In their order. */
  private async all(tx: Transaction, tenantId: string): Promise<SlaSetting[]> {
    const read = () =>
      tx.manager.find(SlaSetting, { where: { userId: tenantId }, order: { position: 'ASC' } })
    const policies = await read()
    if (policies.length > 0) return policies
    await this.furnish(tx, [tenantId])
    return read()
  }

  private async fresh(tx: Transaction, tenantId: string, id: number): Promise<SettingView> {
    return viewOf(await tx.manager.findOneByOrFail(SlaSetting, { id, userId: tenantId }))
  }
}

async function storeOrder(tx: Transaction, order: SlaSetting[]): Promise<void> {
  await tx.query(
    `update sla_settings s set position = o.place
     from unnest($1::bigint[]) with ordinality as o(id, place) where s.id = o.id and s.position <> o.place`,
    [order.map(({ id }) => id)],
  )
}

async function storeVersion(tx: Transaction, id: number): Promise<void> {
  await tx.query(
    `insert into sla_setting_versions (user_id, setting_id, version, definition)
     select user_id, id, version, ${DEFINITION} from sla_settings p where id = $1`,
    [id],
  )
}

/** SQL for a `PolicyDefinition` from sla_settings p. */
const DEFINITION = `json_build_object('name', p.name, 'priorities', p.priorities, 'customerTiers', p.customer_tiers,
  'mailboxIds', p.mailbox_ids, 'categories', p.categories, 'senderDomains', p.sender_domains,
  'firstReplySeconds', p.first_reply_seconds, 'nextReplySeconds', p.next_reply_seconds,
  'resolutionSeconds', p.resolution_seconds, 'calendarId', p.calendar_id, 'warningPercent', p.warning_percent,
  'onWarning', p.on_warning, 'onBreach', p.on_breach)`

/** Of two that furnish a tenant at once, one makes the default and with it the others; the other one waits for it. */
const FURNISH = `
  with given as (
    select * from json_to_recordset($2) as d(name text, position integer, "isDefault" boolean, priorities json,
      "customerTiers" json, "replySeconds" integer)),
  defaults as (
    insert into sla_settings (user_id, name, position, is_default, first_reply_seconds, next_reply_seconds)
    select t.id, d.name, d.position, true, d."replySeconds", d."replySeconds"
    from unnest($1::uuid[]) as t(id) cross join given d where d."isDefault"
    on conflict (user_id) where is_default do nothing
    returning *),
  others as (
    insert into sla_settings
      (user_id, name, position, priorities, customer_tiers, first_reply_seconds, next_reply_seconds)
    select t.user_id, d.name, d.position, array(select json_array_elements_text(d.priorities)),
      array(select json_array_elements_text(d."customerTiers")), d."replySeconds", d."replySeconds"
    from defaults t cross join given d where not d."isDefault" order by d.position
    returning *)
  insert into sla_setting_versions (user_id, setting_id, version, definition)
  select p.user_id, p.id, p.version, ${DEFINITION}
  from (select * from defaults union all select * from others) p`

function viewOf({
  userId: _tenant,
  firstReplySeconds,
  nextReplySeconds,
  resolutionSeconds,
  ...policy
}: SlaSetting): SettingView {
  return {
    ...policy,
    firstReplyMinutes: minutes(firstReplySeconds),
    nextReplyMinutes: minutes(nextReplySeconds),
    resolutionMinutes: minutes(resolutionSeconds),
  }
}

const minutes = (seconds: number | null) => (seconds === null ? null : seconds / 60)
