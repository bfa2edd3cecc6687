import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { emailFacts, isoText } from '../emails/email-facts.js'
import type { ClockFacts, EmailFacts } from '../events/catalogue.js'
import { Events } from '../events/events.publisher.js'
import { Escalations } from './escalations.service.js'
import type { Escalation } from './sla-setting.entity.js'

/** A clock that has just had something to say, with what its events tell. */
export interface DueClock {
  state: 'running' | 'met' | 'late'
  tenantId: string
  warns: boolean
  breaches: boolean
  onWarning: Escalation[] | null
  onBreach: Escalation[] | null
  sla: Omit<ClockFacts, 'dueAt' | 'actions'>
  email: EmailFacts
}

/** SQL for a `DueClock` from a row c of sla_clocks that also knows what was not said before. */
export const DUE_CLOCK = `c.state, c.user_id as "tenantId", c."warns", c."breaches", ${emailFacts('e')} as email,
  pv."onWarning", pv."onBreach",
  json_build_object('clockId', c.id, 'metric', c.metric, 'startedAt', ${isoText('c.started_at')},
    'policy', case when pv.id is null then null
      else json_build_object('id', pv.setting_id, 'name', pv.name, 'version', pv.version) end,
    'targetMinutes', c.target_seconds / 60.0, 'warningAt', ${isoText('c.warning_at')},
    'deadlineAt', ${isoText('c.deadline_at')}) as sla`

/** SQL for what events tell of a version of a policy. */
export const POLICY_FACTS = `select id, setting_id, version, definition ->> 'name' as name,
  definition -> 'onWarning' as "onWarning", definition -> 'onBreach' as "onBreach" from sla_setting_versions`

export const DUE_CLOCK_TABLES = `join emails e on e.id = c.email_id
  left join (${POLICY_FACTS}) pv on pv.id = c.policy_version_id`

const NOTIFY: Escalation[] = ['notify']

/** Tells of warnings and breaches, a batch of each at a time; a clock that missed both tells both, in order. */
@Injectable()
export class ClockEvents {
  constructor(
    private readonly events: Events,
    private readonly escalations: Escalations,
  ) {}

  async publish(tx: Transaction, clocks: DueClock[]): Promise<void> {
    const warned = clocks.filter(({ warns }) => warns)
    const warnings = warned.map((clock) => draftOf(clock, 'warningAt', clock.onWarning))
    const breached = clocks.filter(({ breaches }) => breaches)
    const breaches = breached.map((clock) => draftOf(clock, 'deadlineAt', clock.onBreach))
    await this.events.publish(tx, 'sla.warning', warnings)
    await this.escalations.order(tx, 'warning', warnings)
    await this.events.publish(tx, 'sla.breached', breaches)
    await this.escalations.order(tx, 'breach', breaches)
  }
}

const draftOf = (
  { tenantId, email, sla }: DueClock,
  due: 'warningAt' | 'deadlineAt',
  actions: Escalation[] | null,
) => ({
  tenantId,
  data: { email, sla: { ...sla, dueAt: sla[due], actions: actions ?? NOTIFY } },
})
