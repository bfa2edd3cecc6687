import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from './support/eventually.js'
import { HttpReceiver } from './support/http-receiver.js'
import { email, log, punctual, setWebhookStage, subscribe } from './support/webhook-stage.js'

setWebhookStage()

let busy: HttpReceiver
beforeEach(async () => {
  busy = await HttpReceiver.start()
})
afterEach(() => busy.stop())

it.each([429, 503])(
  'a receiver that answers %i says when it is asked again, but not earlier',
  async (status) => {
    const asked = ['10', '1', '60', '0']
    busy.handle = (_request, response) =>
      void response.writeHead(status, { 'retry-after': asked[busy.requests.length - 1] }).end()
    const { id } = (await subscribe({ url: busy.url })).body
    await email()
    for (const [before, wait] of [10_000, 2_000, 60_000].entries()) {
      await eventually(async () =>
        expect(await log(id)).toMatchObject({ attempts: before + 1, dueAt: punctual.clock.in(wait) }),
      )
      await punctual.advance(wait)
      await eventually(() => expect(busy.requests).toHaveLength(before + 2))
    }
  },
)
