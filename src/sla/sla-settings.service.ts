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
    return this.work.run(async (tx) => (await this.of(tx, [tenantId])).map(viewOf))
  }

  /** @throws Problem 409 when priority and tier have a setting */
  create(tenantId: string, input: CreateSettingDto): Promise<SettingView> {
    return this.work.run(async (tx) => {
      await this.of(tx, [tenantId])
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

  /** The settings of these tenants. One that has none at all gets the defaults, when they are first needed. */
  async of(tx: Transaction, tenantIds: string[]): Promise<SlaSetting[]> {
    const settings = await select(tx, tenantIds)
    const bare = tenantIds.filter((id) => !settings.some((setting) => setting.userId === id))
    if (bare.length === 0) return settings
    await insertDefaults(tx, bare)
    return select(tx, tenantIds)
  }
}

function select(tx: Transaction, tenantIds: string[]): Promise<SlaSetting[]> {
  return tx.query<SlaSetting>(
    `select id, user_id as "userId", priority, customer_tier as "customerTier", target_seconds as "targetSeconds",
            warning_percent as "warningPercent", is_active as "isActive",
            created_at as "createdAt", updated_at as "updatedAt"
     from sla_settings where user_id = any($1) order by id`,
    [tenantIds],
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
