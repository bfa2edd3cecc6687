import { Injectable } from '@nestjs/common'
import { Cipher } from '../config/cipher.js'
import type { Transaction } from '../database/transaction.js'
import { EgressGuard, RefusedAddress } from '../egress/egress-guard.js'
import { invalid, unprocessable } from '../http/problem.js'
import { checkHeaders } from './custom-headers.js'
import { sealedFor } from './webhook-secrets.js'
import type { Webhook } from './webhook.entity.js'
import type { ChangeWebhookDto, FilterDto, SubscribeDto } from './webhooks.dto.js'

/** What a tenant wants of a webhook, checked and as it is stored. */
@Injectable()
export class WebhookSettings {
  constructor(
    private readonly cipher: Cipher,
    private readonly guard: EgressGuard,
  ) {}

  /**
   * Only of what is given.
   * @throws Problem 400 for a URL or header that deliveries could not or must not use, 422 for a mailbox of others
   */
  async columns(
    tx: Transaction,
    tenantId: string,
    { url, headers, filter, ...rest }: ChangeWebhookDto,
  ): Promise<Partial<Webhook>> {
    if (url !== undefined) this.checkUrl(url)
    const sealed = headers && this.seal(tenantId, headers)
    if (filter?.mailboxIds) await refuseForeign(tx, tenantId, filter.mailboxIds)
    const given = { ...rest, url, headers: sealed, ...(filter !== undefined && conditionsOf(filter)) }
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  }

  private checkUrl(url: string): void {
    try {
      this.guard.checkUrl(url)
    } catch (error) {
      if (error instanceof RefusedAddress) throw invalid('url', error.message)
      throw error
    }
  }

  private seal(tenantId: string, headers: Record<string, unknown>): Record<string, string> {
    const seal = (value: string) => this.cipher.seal(value, sealedFor(tenantId))
    return Object.fromEntries(
      Object.entries(checkHeaders(headers)).map(([name, value]) => [name, seal(value)]),
    )
  }
}

/** A subscription in our words, whichever way it was asked for. @throws Problem 400 naming what is missing or disagrees */
export function inOurWords({ target_url, event, ...input }: SubscribeDto): SettingsOfNew {
  const { url = target_url, events = event && [event] } = input
  if (url === undefined) throw invalid('url', 'must say where deliveries go')
  if (events === undefined) throw invalid('events', 'must say which')
  if (target_url !== undefined && target_url !== url)
    throw invalid('target_url', 'is another name of url, which says otherwise')
  if (event !== undefined && (events.length !== 1 || events[0] !== event))
    throw invalid('event', 'is another name of events, which says otherwise')
  return { ...input, url, events }
}

type SettingsOfNew = ChangeWebhookDto & Required<Pick<ChangeWebhookDto, 'url' | 'events'>>

const conditionsOf = (filter: FilterDto | null) => ({
  priorities: filter?.priorities ?? null,
  customerTiers: filter?.customerTiers ?? null,
  mailboxIds: filter?.mailboxIds ?? null,
})

async function refuseForeign(tx: Transaction, tenantId: string, mailboxIds: number[]): Promise<void> {
  const [found] = await tx.query<{ mailboxes: number }>(
    `select count(*)::integer as mailboxes from email_providers where user_id = $1 and id = any($2)`,
    [tenantId, mailboxIds],
  )
  if (found!.mailboxes < mailboxIds.length)
    throw unprocessable([{ field: 'filter.mailboxIds', message: 'must be mailboxes of yours' }])
}
