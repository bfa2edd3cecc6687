import { expect, it, vi } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { ada, punctual, queue, ROOM, setClaimStage, subscribe } from './support/claim-stage.js'
import { enqueue } from './support/raw-deliveries.js'

setClaimStage()

it('a claim whose bodies cannot be read gives back what it has leased', async () => {
  await enqueue(punctual, await subscribe(), 5)
  const work = punctual.app.get(UnitOfWork)
  const query = work.query.bind(work)
  const failing = vi
    .spyOn(work, 'query')
    .mockImplementation((sql, parameters) =>
      sql.includes('from events e') ? Promise.reject(new Error('Unreadable')) : query(sql, parameters),
    )
  await expect(queue().claim(10, ROOM, new Map())).rejects.toThrow('Unreadable')
  failing.mockRestore()
  expect(await queue().claim(10, ROOM, new Map())).toHaveLength(5)
})

it('the body of an event is read once for all webhooks that hear of it', async () => {
  for (let hook = 0; hook < 3; hook++) await subscribe()
  for (let n = 0; n < 2; n++)
    await ada.post('/emails', { from: { address: 'c@example.com' }, subject: `S${n}`, text: 'T' })
  const leased = await queue().claim(100, ROOM, new Map())
  expect(leased).toHaveLength(6)
  expect(new Set(leased.map(({ body }) => body)).size).toBe(2)
  for (const { eventId, body } of leased) expect(JSON.parse(body!.toString())).toMatchObject({ id: eventId })
})

it('the body of an event is read once within a second, also for a webhook that is some way behind', async () => {
  const hooks = [await subscribe(), await subscribe(), await subscribe()]
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
  const [first] = await queue().claim(10, 0, new Map([[hooks[0]!, 1]]))
  const [second] = await queue().claim(10, 0, new Map([[hooks[1]!, 1]]))
  expect(second!.body).toBe(first!.body)
  expect(JSON.parse(second!.body!.toString())).toMatchObject({ id: second!.eventId })
  punctual.clock.advance(1_001)
  await punctual.query('delete from emails')
  const [third] = await queue().claim(10, 0, new Map([[hooks[2]!, 1]]))
  expect([first, second, third].map((one) => one!.webhookId)).toEqual(hooks)
  expect(third!.body).toBeNull()
})
