import { describe, expect, it } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { Events } from '../src/events/events.publisher.js'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { finished, recover, statuses, subscribed, setRecoveryStage } from './support/recoveries.js'
import { ada, punctual, receiver } from './support/webhook-stage.js'

setRecoveryStage()

/** A recovery of much takes a while, and goes on whatever happens to it. */

describe('a long one', () => {
  const MANY = 1_200

  it('shows its progress, goes on where it failed, and gives each event one delivery', async () => {
    await many(MANY)
    const id = await subscribed({ events: ['team.member.added'] })
    await punctual.advance(1)
    // The third batch meets an error until it is removed.
    const [{ seq }] = (await punctual.query<{ seq: number }>(
      `select seq from events where user_id = $1 order by seq offset 1100 limit 1`,
      [ada.tenantId],
    )) as [{ seq: number }]
    await punctual.query(`create function refuse() returns trigger language plpgsql as $$ begin
      if exists (select from events where id = new.event_id and seq = ${seq}) then raise 'Refused'; end if;
      return new; end $$`)
    await punctual.query(
      'create trigger refuse before insert on webhook_logs for each row execute function refuse()',
    )
    const { body } = await recover(id, { status: 'missed' })
    await eventually(async () =>
      expect((await ada.get(`/webhooks/${id}/recoveries/${body.id}`)).body).toMatchObject({
        ...{ state: 'running', missed: 1_000, finishedAt: null },
        progressPercent: expect.toSatisfy((percent: number) => percent > 50 && percent < 100),
      }),
    )
    expect(await recover(id)).toMatchObject({ status: 409, body: { code: 'recovery_running' } })
    await punctual.query('drop trigger refuse on webhook_logs')
    await punctual.query('drop function refuse')
    expect(await finished(id)).toMatchObject({ missed: MANY, progressPercent: 100 })
    const [count] = await punctual.query(
      'select count(*), count(distinct event_id) as events from webhook_logs where webhook_id = $1',
      [id],
    )
    expect(count).toEqual({ count: MANY, events: MANY })
    // Ten at a time of a hundred a second, as long as time stands still.
    expect(receiver.received.length).toBeLessThanOrEqual(10)
  })

  it('stops when it is cancelled', async () => {
    await many(MANY)
    const id = await subscribed({ events: ['team.member.added'] })
    await punctual.advance(1)
    const held = await hold(id)
    const { body } = await recover(id, { status: 'missed' })
    const cancelled = await ada.post(`/webhooks/${id}/recoveries/${body.id}/cancel`)
    await held.release()
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled', missed: 0 } })
    expect((await ada.post(`/webhooks/${id}/recoveries/${body.id}/cancel`)).body).toEqual(cancelled.body)
    await recover(id, { status: 'missed', events: ['email.*'] })
    expect(await finished(id)).toMatchObject({ state: 'completed', missed: 0 })
    expect(await statuses(id)).toEqual([])
    expect((await ada.get(`/webhooks/${id}/recoveries`)).body.data.map(({ state }: Body) => state)).toEqual([
      'completed',
      'cancelled',
    ])
  })
})

const many = (count: number) =>
  punctual.app.get(UnitOfWork).run((tx) =>
    punctual.app.get(Events).publish(
      tx,
      'team.member.added',
      Array.from({ length: count }, (_, n) => {
        const member = { id: n + 1, name: `Member ${n}`, email: `${n}@example.com`, role: 'agent' }
        return { tenantId: ada.tenantId, data: { member } }
      }),
    ),
  )

/** Keeps the webhook from whoever would change it. */
async function hold(id: number): Promise<{ release: () => Promise<void> }> {
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  let over: Promise<void> = Promise.resolve()
  await new Promise<void>((resolve) => {
    over = punctual.app.get(UnitOfWork).run(async (tx) => {
      await tx.query('select 1 from webhooks where id = $1 for share', [id])
      resolve()
      await released
    })
  })
  return {
    release: () => {
      release()
      return over
    },
  }
}
