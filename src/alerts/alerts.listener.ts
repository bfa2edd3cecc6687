import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent } from '../events/catalogue.js'
import { On } from '../events/on.decorator.js'
import { Alerts, type NewAlert } from './alerts.service.js'

/** A warning or a breach needs a person's attention. */
@Injectable()
export class AlertsListener {
  constructor(private readonly alerts: Alerts) {}

  @On('sla.warning')
  warn(tx: Transaction, events: DomainEvent<'sla.warning'>[]): Promise<void> {
    return this.alerts.raise(tx, events.map(alertFor('warning', 'The reply is due soon')))
  }

  @On('sla.breached')
  breach(tx: Transaction, events: DomainEvent<'sla.breached'>[]): Promise<void> {
    return this.alerts.raise(tx, events.map(alertFor('critical', 'The reply is overdue')))
  }
}

const alertFor =
  (severity: NewAlert['severity'], text: string) =>
  ({ tenantId, name, data: { email, sla } }: DomainEvent<'sla.warning' | 'sla.breached'>): NewAlert => ({
    tenantId,
    email,
    type: name,
    severity,
    message: `${text}: “${email.subject}” from ${email.from.address}, due ${sla.deadlineAt}`,
  })
