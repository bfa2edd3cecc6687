import { expect, it } from 'vitest'
import { eventually } from './support/eventually.js'
import { enqueue } from './support/raw-deliveries.js'
import { Receiver } from './support/receiver.js'
import { startTestApp } from './support/test-app.js'

const AT_ONCE = 4

it('a backlog goes over as many connections as attempts are made at once', async () => {
  const punctual = await startTestApp({ WEBHOOK_CONCURRENCY_EACH: String(AT_ONCE) })
  const receiver = await Receiver.start()
  try {
    answerTogether(receiver)
    const ada = await punctual.tenant()
    const { id } = (await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.*'] })).body
    await enqueue(punctual, id, 25 * AT_ONCE)
    await punctual.advance(0)
    await eventually(async () => expect(await punctual.query('select 1 from webhook_queue')).toEqual([]))
    expect(receiver.received).toHaveLength(25 * AT_ONCE)
    expect(receiver.connections).toBe(AT_ONCE)
  } finally {
    await receiver.stop()
    await punctual.stop()
  }
})

/** Answers come in one turn of the event loop: whoever went on at once would find none of their connections free. */
function answerTogether(receiver: Receiver): void {
  let held: (() => void)[] = []
  receiver.hold = (answer) => {
    held.push(answer)
    if (held.length < AT_ONCE) return
    for (const letGo of held) letGo()
    held = []
  }
}
