import { Injectable, Logger } from '@nestjs/common'
import { LRUCache } from 'lru-cache'
import { Cipher } from '../config/cipher.js'
import { Clock } from '../database/clock.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { signerOf, type Signer } from './signing.js'
import { formerSecrets, openedBy, sealedFor } from './webhook-secrets.js'
import { WebhookClient, type Target } from './webhook.client.js'
import type { Format, Webhook } from './webhook.entity.js'

const COMMON_HEADERS = { 'user-agent': 'Punctual-Webhooks/1.0', 'content-type': 'application/json' }

/** What is needed to deliver to a webhook, opened. */
export interface Receiver {
  version: number
  url: string
  target: Target
  /** All but those that tell of one delivery, each name before its value. */
  headers: string[]
  format: Format
  retryCount: number
  /** By the present secret, and by those before it, the newest first, until their ends. */
  signers: { signer: Signer; until: Date | null }[]
}

interface Row extends Pick<
  Webhook,
  'secret' | 'signatureKey' | 'formerSecrets' | 'previousSecret' | 'previousSecretUntil'
> {
  id: number
  tenantId: string
  version: number
  url: string
  headers: Record<string, string>
  format: Format
  retryCount: number
}

/** Webhooks as their settings are now: opened once a version, since a claim tells which version is present. */
@Injectable()
export class Receivers {
  private readonly logger = new Logger(Receivers.name)
  private readonly known = new LRUCache<number, Receiver | Promise<Receiver | undefined>>({ max: 10_000 })

  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
    private readonly client: WebhookClient,
    private readonly clock: Clock,
  ) {}

  /** Undefined for one that is gone. At once where it is known. */
  find(id: number, version: number): Receiver | undefined | Promise<Receiver | undefined> {
    const known = this.known.get(id)
    if (known instanceof Promise)
      return known.then((receiver) => (receiver && receiver.version < version ? this.learn(id) : receiver))
    return known && known.version >= version ? known : this.learn(id)
  }

  private learn(id: number): Promise<Receiver | undefined> {
    const found = this.read(id)
    this.known.set(id, found)
    const keep = (receiver?: Receiver): void => {
      if (this.known.get(id) !== found) return // a newer one is asked for
      if (receiver) this.known.set(id, receiver)
      else this.known.delete(id)
    }
    found.then(keep, () => keep())
    return found
  }

  private async read(id: number): Promise<Receiver | undefined> {
    const [row] = await this.work.query<Row>(
      `select id, user_id as "tenantId", version, url, headers, format, retry_count as "retryCount", secret,
              signature_key as "signatureKey", former_secrets as "formerSecrets", previous_secret as "previousSecret", previous_secret_until as "previousSecretUntil"
       from webhooks where id = $1`,
      [id],
    )
    return row && this.open(row)
  }

  private open(row: Row): Receiver {
    const { tenantId, version, url, format, retryCount, signatureKey } = row
    const open = (sealed: string) => this.cipher.open(sealed, sealedFor(tenantId))
    const own = Object.entries(row.headers).map(([name, value]) => [name, open(value)] as const)
    const headers = Object.entries({ ...COMMON_HEADERS, ...Object.fromEntries(own) }).flat()
    const present = { signer: signerOf(open(row.secret), signatureKey), until: null }
    const signers = [present, ...this.formerSigners(row)]
    return { version, url, target: this.client.targetOf(url), headers, format, retryCount, signers }
  }

  /** One that is lost keeps back no delivery: its receiver may know the present one by now. Told once a version. */
  private formerSigners(row: Row): Receiver['signers'] {
    const now = this.clock.now()
    return formerSecrets(row).flatMap(({ secret, until }) => {
      if (until <= now) return []
      const opened = openedBy(this.cipher, secret, row.tenantId)
      if (opened !== undefined) return { signer: signerOf(opened, row.signatureKey), until }
      this.logger.error(
        `A former secret of webhook ${row.id} cannot be opened: it signs no more (ENCRYPTION_KEYS)`,
      )
      return []
    })
  }
}
