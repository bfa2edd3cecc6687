import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { conflict, notFound } from '../http/problem.js'
import { DEFAULT_SETTINGS } from './default-targets.js'
import { SlaSetting } from './sla-setting.entity.js'
import type { ChangeSettingDto, CreateSettingDto } from './sla-settings.dto.js'
import type { SettingView } from './sla-settings.view.js'

@Injectable()
export class SlaSettings {
  constructor(private readonly work: UnitOfWork) {}

  list(tenantId: string): Promise<SettingView[]> {
    return this.work.run(async (tx) => {
      await this.furnish(tx, tenantId)
      const settings = await tx.manager.find(SlaSetting, {
        where: { userId: tenantId },
        order: { id: 'ASC' },
      })
      return settings.map(viewOf)
    })
  }

  /** @throws Problem 409 when priority and tier have a setting */
  create(tenantId: string, input: CreateSettingDto): Promise<SettingView> {
    return this.work.run(async (tx) => {
      await this.furnish(tx, tenantId)
      const { priority, customerTier } = input
      if (await tx.manager.existsBy(SlaSetting, { userId: tenantId, priority, customerTier }))
        throw conflict('setting_exists', 'This priority and tier have a setting; change that one')
      const setting = tx.manager.create(SlaSetting, {
        ...columnsOf(input),
        priority,
        customerTier,
        userId: tenantId,
      })
      return viewOf(await tx.manager.save(setting))
    })
  }

  read(tenantId: string, id: number): Promise<SettingView> {
    return this.work.run(async (tx) => viewOf(await find(tx, tenantId, id)))
  }

  change(tenantId: string, id: number, changes: ChangeSettingDto): Promise<SettingView> {
    return this.work.run(async (tx) => {
      const setting = await find(tx, tenantId, id)
      return viewOf(await tx.manager.save(Object.assign(setting, columnsOf(changes))))
    })
  }

  remove(tenantId: string, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      await find(tx, tenantId, id)
      await tx.manager.delete(SlaSetting, { id, userId: tenantId })
    })
  }

  /**
   * The active target for each of these emails, in their order; undefined where their priority and tier have none.
   * A tenant that has no setting at all gets the defaults, when they are first needed.
   */
  async targetsFor(tx: Transaction, emails: Classified[]): Promise<(Target | undefined)[]> {
    const targets = await selectTargets(tx, emails)
    const bare = emails.filter((_, index) => !targets[index]!.isFurnished)
    if (bare.length === 0) return targets.map(activeOnly)
    await insertDefaults(tx, [...new Set(bare.map(({ tenantId }) => tenantId))])
    return (await selectTargets(tx, emails)).map(activeOnly)
  }

  private async furnish(tx: Transaction, tenantId: string): Promise<void> {
    if (!(await tx.manager.existsBy(SlaSetting, { userId: tenantId }))) await insertDefaults(tx, [tenantId])
  }
}

export interface Classified {
  tenantId: string
  priority: string
  customerTier: string
}

export interface Target {
  targetSeconds: number
  warningPercent: number
}

interface FoundTarget extends Target {
  isActive: boolean | null
  isFurnished: boolean
}

const activeOnly = (found: FoundTarget): Target | undefined => (found.isActive ? found : undefined)

/** One row an email: whatever number of emails, one statement. */
function selectTargets(tx: Transaction, emails: Classified[]): Promise<FoundTarget[]> {
  return tx.query<FoundTarget>(
    `select s.target_seconds as "targetSeconds", s.warning_percent as "warningPercent", s.is_active as "isActive",
            exists (select from sla_settings where user_id = e.tenant) as "isFurnished"
     from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as e(tenant, priority, tier, place)
     left join sla_settings s on s.user_id = e.tenant and s.priority = e.priority and s.customer_tier = e.tier
     order by place`,
    [
      emails.map(({ tenantId }) => tenantId),
      emails.map(({ priority }) => priority),
      emails.map(({ customerTier }) => customerTier),
    ],
  )
}

async function insertDefaults(tx: Transaction, tenantIds: string[]): Promise<void> {
  await tx.query(
    `insert into sla_settings (user_id, priority, customer_tier, target_seconds)
     select t.id, s.priority, s."customerTier", s."targetSeconds"
     from unnest($1::uuid[]) as t(id),
          json_to_recordset($2) as s(priority text, "customerTier" text, "targetSeconds" integer)
     on conflict do nothing`,
    [tenantIds, JSON.stringify(DEFAULT_SETTINGS)],
  )
}

async function find(tx: Transaction, tenantId: string, id: number): Promise<SlaSetting> {
  const setting = await tx.manager.findOneBy(SlaSetting, { id, userId: tenantId })
  if (!setting) throw notFound('SLA setting')
  return setting
}

function columnsOf({ targetMinutes, warningPercent, isActive }: ChangeSettingDto): Partial<SlaSetting> {
  return {
    ...(targetMinutes !== undefined && { targetSeconds: Math.round(targetMinutes * 60) }),
    ...(warningPercent !== undefined && { warningPercent }),
    ...(isActive !== undefined && { isActive }),
  }
}

function viewOf({ userId: _tenant, targetSeconds, ...setting }: SlaSetting): SettingView {
  return { ...setting, targetMinutes: targetSeconds / 60 }
}
