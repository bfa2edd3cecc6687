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
    return this.alerts.raise(tx, events.filter(notifies).map(alertFor('warning', 'is due soon')))
  }

  @On('sla.breached')
  breach(tx: Transaction, events: DomainEvent<'sla.breached'>[]): Promise<void> {
    return this.alerts.raise(tx, events.filter(notifies).map(alertFor('critical', 'is overdue')))
  }
}

/** A policy may have a warning or a breach do other things instead. */
const notifies = ({ data: { sla } }: DomainEvent<'sla.warning' | 'sla.breached'>) =>
  sla.actions.includes('notify')

const alertFor =
  (severity: NewAlert['severity'], text: string) =>
  ({ tenantId, name, data: { email, sla } }: DomainEvent<'sla.warning' | 'sla.breached'>): NewAlert => ({
    tenantId,
    email,
    type: name,
    severity,
    message: `The ${sla.metric === 'resolution' ? 'resolution' : 'reply'} ${text}: “${email.subject}” from ${email.from.address}, due ${sla.deadlineAt}`,
  })
