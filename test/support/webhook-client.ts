import type { Config } from '../../src/config/config.js'
import { parseConfig } from '../../src/config/config.schema.js'
import { EgressGuard } from '../../src/egress/egress-guard.js'
import { HostResolver } from '../../src/egress/host-resolver.js'
import type { Attempt } from '../../src/webhooks/attempt.js'
import { WebhookClient } from '../../src/webhooks/webhook.client.js'
import { TestClock } from './test-clock.js'

export const NOW = '2026-03-02T09:00:00.000Z'

export const guardWith = (settings: Record<string, string>, resolver = new HostResolver()) =>
  new EgressGuard(configOf(settings), resolver)

export type TestClient = ReturnType<typeof clientWith>

/** The client as the application makes it, whose posts can be awaited; `settings` are those of the environment. */
export function clientWith(settings: Record<string, string>, resolver = new HostResolver()) {
  const config = configOf(settings)
  const client = new WebhookClient(new EgressGuard(config, resolver), config, new TestClock(NOW))
  return {
    post: (url: string, headers: Record<string, string>, body: string | Buffer) =>
      new Promise<Attempt>((tell) =>
        client.post(client.targetOf(url), Object.entries(headers).flat(), body, tell),
      ),
    onApplicationShutdown: () => client.onApplicationShutdown(),
  }
}

const configOf = (settings: Record<string, string>) =>
  parseConfig({ DATABASE_URL: 'embedded', ...settings }) as Config
