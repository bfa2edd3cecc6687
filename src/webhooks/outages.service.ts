import { Injectable } from '@nestjs/common'
import { Alerts, type NewAlert } from '../alerts/alerts.service.js'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { DEACTIVATE_AFTER_DAYS, FAILURES_TO_OPEN, PROBE_EVERY_SECONDS } from './outage-rules.js'
import type { WebhookStanding } from './outcomes.sql.js'
import { goOn, holdWebhook, park, parkFailed, type Held } from './parking.js'
import { WEBHOOK_RELEASES } from './webhook-work.js'

/** A webhook that fails is left in peace, asked now and then, and given all it missed once it is back. */
@Injectable()
export class Outages {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
    private readonly alerts: Alerts,
  ) {}

  /**
   * Acts on how a webhook stands, if need be. Should this process die before, the next outcome leads here again.
   *
   * Of what was heard: `isUnreadable`, its secret cannot be opened: it waits from the first failure on, and is never given up
   * for that; `takesAgain`, it has taken what was sent after it had asked for time: that is over.
   */
  async consider(
    standing: WebhookStanding,
    { isUnreadable, takesAgain }: { isUnreadable: boolean; takesAgain: boolean },
  ): Promise<void> {
    const { webhookId, breaker, failing, hasFailedTooLong, hasSucceeded, isGone, isHeld, heldSince } =
      standing
    if (takesAgain && !isHeld)
      await this.change(webhookId, (tx, held) => goOn(tx, held.id, this.clock.sqlNow, heldSince!))
    if (isGone) await this.change(webhookId, (tx, held) => this.deactivate(tx, held, 'gone'))
    else if (isUnreadable)
      await this.change(webhookId, (tx, held) => this.open(tx, held, 1, UNREADABLE(held.url)))
    else if (hasFailedTooLong)
      await this.change(webhookId, (tx, held) => this.deactivate(tx, held, 'failing'))
    else if (breaker === 'open' && hasSucceeded)
      await this.change(webhookId, (tx, held) => this.recover(tx, held))
    else if (breaker !== 'open' && failing >= FAILURES_TO_OPEN)
      await this.change(webhookId, (tx, held) => this.open(tx, held, FAILURES_TO_OPEN, FAILING(held.url)))
    else if (breaker !== 'open' && isHeld) await this.change(webhookId, (tx, held) => this.hold(tx, held))
  }

  private change(
    webhookId: number,
    change: (tx: Transaction, held: Held) => Promise<void> | void,
  ): Promise<void> {
    return this.work.run(async (tx) => {
      const held = await holdWebhook(tx, webhookId)
      if (held?.isActive) await change(tx, held)
    })
  }

  private async open(
    tx: Transaction,
    { id, tenantId, breaker, failing, isInOutage }: Held,
    failures: number,
    said: Said,
  ): Promise<void> {
    if (breaker === 'open' || failing < failures) return // someone was faster
    parkFailed(tx, id)
    park(tx, id, this.clock.sqlNow)
    tx.write(
      `update webhooks set breaker = 'open', outage_since = coalesce(outage_since, failing_since),
         release_at = ${this.clock.sqlNow} + interval '${PROBE_EVERY_SECONDS} seconds' where id = $1`,
      [id],
    )
    tx.wake(WEBHOOK_RELEASES, PROBE_EVERY_SECONDS * 1_000)
    if (isInOutage) return // it was never said to be back
    await this.alert(tx, tenantId, id, { type: 'webhook.failing', ...said })
  }

  /** All that waits is released when the receiver wants it. It is there, so nobody is told. */
  private hold(tx: Transaction, { id, breaker }: Held): void {
    if (breaker === 'open') return // its probes wait for the same instant
    park(tx, id, this.clock.sqlNow, 'w.held_until')
    tx.write(`update webhooks set release_at = held_until where id = $1 and held_until is not null`, [id])
    tx.wake(WEBHOOK_RELEASES)
  }

  private recover(tx: Transaction, { id, breaker }: Held): void {
    if (breaker !== 'open') return
    tx.write(
      `update webhooks set breaker = 'draining', release_at = ${this.clock.sqlNow}, failing = '{}', failing_since = null,
         failing_from = null where id = $1`,
      [id],
    )
    tx.wake(WEBHOOK_RELEASES)
  }

  private async deactivate(tx: Transaction, { id, tenantId, url }: Held, because: 'gone' | 'failing') {
    park(tx, id, this.clock.sqlNow)
    tx.write(
      `update webhooks set is_active = false, inactive_since = ${this.clock.sqlNow}, inactive_because = $2,
         breaker = 'closed', release_at = null, failing = '{}', failing_since = null, failing_from = null,
         outage_since = null, held_until = null, throttled_since = null
       where id = $1`,
      [id, because],
    )
    const why =
      because === 'gone' ? 'It answered 410 Gone.' : `All has failed for ${DEACTIVATE_AFTER_DAYS} days.`
    await this.alert(tx, tenantId, id, {
      type: 'webhook.deactivated',
      severity: 'critical',
      message: `The webhook to ${url} was deactivated. ${why} What it misses is kept for a while.`,
    })
  }

  private alert(
    tx: Transaction,
    tenantId: string,
    webhookId: number,
    alert: Pick<NewAlert, 'type'> & Said,
  ): Promise<void> {
    return this.alerts.raise(tx, [{ tenantId, webhookId, email: null, ...alert }])
  }
}

type Said = Pick<NewAlert, 'severity' | 'message'>

const FAILING = (url: string): Said => ({
  severity: 'warning',
  message: `Deliveries to ${url} fail. They wait, and one is tried every ${PROBE_EVERY_SECONDS} s until it succeeds.`,
})

const UNREADABLE = (url: string): Said => ({
  severity: 'critical',
  message:
    `The secret or a header of the webhook to ${url} cannot be opened: ENCRYPTION_KEYS lacks the key that sealed it. ` +
    'Its deliveries wait, and go on by themselves once the key is there.',
})
