import { Injectable } from '@nestjs/common'
import { IsNull } from 'typeorm'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { EmailFacts } from '../events/catalogue.js'
import { Events } from '../events/events.publisher.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import { notFound } from '../http/problem.js'
import { Alert } from './alert.entity.js'
import type { AlertsQuery } from './alerts.dto.js'
import type { AlertView, UnreadView } from './alerts.view.js'

export interface NewAlert extends Pick<Alert, 'type' | 'severity' | 'message'> {
  tenantId: string
  email: EmailFacts | null
  /** The webhook that it is about: the only one that does not hear of it. */
  webhookId?: number
}

@Injectable()
export class Alerts {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** Writes a batch of alerts and tells of them. */
  async raise(tx: Transaction, alerts: NewAlert[]): Promise<void> {
    if (alerts.length === 0) return
    const rows = alerts.map(({ email, ...alert }) => ({ ...alert, emailId: email?.id ?? null }))
    const created = await tx.query<{ id: number }>(
      `insert into alerts (user_id, email_id, webhook_id, type, severity, message, created_at)
       select "tenantId", "emailId", "webhookId", type, severity, message, $2 from rows from (json_to_recordset($1)
         as ("tenantId" uuid, "emailId" bigint, "webhookId" bigint, type text, severity text, message text)
       ) with ordinality as a("tenantId", "emailId", "webhookId", type, severity, message, place)
       order by place returning id`,
      [JSON.stringify(rows), await tx.now()],
    )
    // Ids are given in the order of the rows. Not found by the email: two of its clocks may be due together.
    const ids = created.map(({ id }) => id).sort((a, b) => a - b)
    const drafts = alerts.map(({ tenantId, email, webhookId = null, ...alert }, index) => {
      const { type, severity, message } = alert
      const about = { emailId: email?.id ?? null, webhookId }
      return { tenantId, data: { alert: { id: ids[index]!, type, severity, message, ...about }, email } }
    })
    await this.events.publish(tx, 'alert.created', drafts)
  }

  list(tenantId: string, { limit, cursor, unread, type }: AlertsQuery): Promise<Page<AlertView>> {
    const conditions = ['user_id = $1']
    const parameters: unknown[] = [tenantId]
    const before = idCursor(cursor)
    if (before) conditions.push(`id < $${parameters.push(before)}`)
    if (type) conditions.push(`type = $${parameters.push(type)}`)
    if (unread !== undefined) conditions.push(unread ? 'read_at is null' : 'read_at is not null')
    const rows = this.work.query<AlertView>(
      `select id, email_id as "emailId", webhook_id as "webhookId", type, severity, message, read_at as "readAt", created_at as "createdAt"
       from alerts where ${conditions.join(' and ')} order by id desc limit $${parameters.push(limit + 1)}`,
      parameters,
    )
    return rows.then((alerts) => toPage(alerts, limit, ({ id }) => [id]))
  }

  unread(tenantId: string): Promise<UnreadView> {
    return this.work.run(async (tx) => ({
      unread: await tx.manager.countBy(Alert, { userId: tenantId, readAt: IsNull() }),
    }))
  }

  /** Reading twice keeps the first instant. */
  markRead(tenantId: string, id: number): Promise<AlertView> {
    return this.work.run(async (tx) => {
      const alert = await tx.manager.findOneBy(Alert, { id, userId: tenantId })
      if (!alert) throw notFound('alert')
      const { userId: _tenant, ...view } = await tx.manager.save(
        Object.assign(alert, { readAt: alert.readAt ?? (await tx.now()) }),
      )
      return view
    })
  }

  /** Marks all that are unread. */
  markAllRead(tenantId: string): Promise<UnreadView> {
    return this.work.run(async (tx) => {
      await tx.query(
        `update alerts set read_at = ${this.clock.sqlNow} where user_id = $1 and read_at is null`,
        [tenantId],
      )
      return { unread: 0 }
    })
  }
}
