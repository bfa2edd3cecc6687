import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { emailFacts, isoText } from '../emails/email-facts.js'
import type { ClockFacts, EmailFacts } from '../events/catalogue.js'
import { Events } from '../events/events.publisher.js'

/** A clock that has just had something to say, with what its events tell. */
export interface DueClock {
  state: 'running' | 'met' | 'late'
  tenantId: string
  warns: boolean
  breaches: boolean
  sla: Omit<ClockFacts, 'dueAt'>
  email: EmailFacts
}

/** SQL for a `DueClock` from sla_clocks c, emails e and a row s that knows what was said before. */
export const DUE_CLOCK = `c.user_id as "tenantId", s."warns", s."breaches", ${emailFacts('e')} as email,
  json_build_object('clockId', c.id, 'startedAt', ${isoText('c.started_at')}, 'targetMinutes', c.target_seconds / 60.0,
    'warningAt', ${isoText('c.warning_at')}, 'deadlineAt', ${isoText('c.deadline_at')}) as sla`

/** Tells of warnings and breaches, a batch of each at a time; a clock that missed both tells both, in order. */
@Injectable()
export class ClockEvents {
  constructor(private readonly events: Events) {}

  async publish(tx: Transaction, clocks: DueClock[]): Promise<void> {
    const draft = (dueAt: 'warningAt' | 'deadlineAt') => (clock: DueClock) => ({
      tenantId: clock.tenantId,
      data: { email: clock.email, sla: { ...clock.sla, dueAt: clock.sla[dueAt] } },
    })
    await this.events.publish(tx, 'sla.warning', clocks.filter(({ warns }) => warns).map(draft('warningAt')))
    await this.events.publish(
      tx,
      'sla.breached',
      clocks.filter(({ breaches }) => breaches).map(draft('deadlineAt')),
    )
  }
}
