import '../../node_modules/reflect-metadata/Reflect.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { NestFactory } from '../../node_modules/@nestjs/core/index.js'
import { AppModule } from '../../dist/src/app.module.js'
import { UnitOfWork } from '../../dist/src/database/unit-of-work.js'
import { Events } from '../../dist/src/events/events.publisher.js'
import { instant } from '../support/instant.mjs'

/**
 * The whole app without its HTTP server, which publishes events as its use cases do. Each tells of one of the tenant's
 * emails, and carries its number. To `{ publish, batch, atOnce, together, name }` it answers how many milliseconds that many
 * events took, a transaction a batch, so many transactions at once, or all in one; to `{ perSecond, seconds }` with the
 * instants when each of such a steady stream, in a transaction each, had been committed.
 */
const { tenantId } = JSON.parse(process.argv[2])
const ASSIGNEE = { id: 1, name: 'Grace Hopper', email: 'grace@example.com', role: 'agent' }

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] })
const [work, events] = [app.get(UnitOfWork), app.get(Events)]
const emails = await work.query(
  `select data->'email' as facts from events where name = 'email.received' and user_id = $1`,
  [tenantId],
)
let published = 0

process.on('disconnect', () => process.exit())
process.on('message', async (order) => process.send(await (order.perSecond ? pace(order) : publish(order))))
process.send('stands')

async function publish({ publish: count, batch = count, atOnce = 1, together = false, name }) {
  const startedAt = instant()
  const batches = Array.from({ length: Math.ceil(count / batch) }, (_, index) =>
    drafts(Math.min(batch, count - index * batch), name),
  )
  if (together)
    await work.run(async (tx) => {
      for (const one of batches) await publishIn(tx, one, name)
    })
  else await Promise.all(shares(batches, atOnce).map((share) => publishInTurn(share, name)))
  return instant() - startedAt
}

const shares = (batches, count) =>
  Array.from({ length: count }, (_, share) => batches.filter((_batch, index) => index % count === share))

async function publishInTurn(batches, name) {
  for (const batch of batches) await work.run((tx) => publishIn(tx, batch, name))
}

/** By the plan, not by what came before: one that takes long does not put off the next. */
async function pace({ perSecond, seconds }) {
  const startsAt = instant()
  const commits = await Promise.all(
    Array.from({ length: perSecond * seconds }, async (_, index) => {
      await sleep(Math.max(1, startsAt + (index / perSecond) * 1_000 - instant()))
      const draft = drafts(1)
      await work.run((tx) => publishIn(tx, draft))
      return [draft[0].data.previousAssigneeId, instant()]
    }),
  )
  return commits
}

const publishIn = (tx, batch, name = 'email.assigned') => events.publish(tx, name, batch)

function drafts(count, name = 'email.assigned') {
  return Array.from({ length: count }, () => {
    const number = published++
    const { facts: email } = emails[number % emails.length]
    if (name !== 'email.assigned') return { tenantId, data: { member: ASSIGNEE } }
    return { tenantId, data: { email, assignee: ASSIGNEE, previousAssigneeId: number } }
  })
}
