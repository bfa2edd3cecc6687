import { Injectable } from '@nestjs/common'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { SlaRevisions } from '../calendars/revisions.service.js'
import type { Transaction } from '../database/transaction.js'
import { after, type Terms } from './clock-life.js'
import { holdClocks, insertClocks, wakeMonitor, type NewClock } from './clock-rows.js'
import { ClockPauses } from './clock-pauses.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { conversationsOf, earlierStarts, owedTo, type Candidate, type Conversation } from './owed-clocks.js'
import { SlaSettings } from './sla-settings.service.js'

interface Occasion {
  /** When these emails were opened again. */
  reopenedAt?: Date
  /** They have just come. */
  isNew?: boolean
}

/** Starts the clocks that emails await and do not have, in the transaction of what happened to them. */
@Injectable()
export class ClockStarts {
  constructor(
    private readonly settings: SlaSettings,
    private readonly revisions: SlaRevisions,
    private readonly calendars: CompiledCalendars,
    private readonly recomputation: ClockRecomputation,
    private readonly pauses: ClockPauses,
  ) {}

  async start(tx: Transaction, candidates: Candidate[], { reopenedAt, isNew }: Occasion = {}): Promise<void> {
    if (candidates.length === 0) return
    const tenantIds = [...new Set(candidates.map(({ tenantId }) => tenantId))]
    this.revisions.share(tx, tenantIds)
    const conversations = await this.conversationsOf(tx, candidates, tenantIds)
    await this.insertOwed(tx, conversations, reopenedAt)
    if (!isNew) return
    const starts = new Map(conversations.flatMap((one) => [...earlierStarts(one)]))
    const answered = conversations.filter(({ awaitsCustomer }) => awaitsCustomer)
    if (starts.size + answered.length === 0) return
    await holdClocks(tx, candidates)
    // A message that comes late, and was sent before the one that started a clock, has waited longer.
    await this.recomputation.ofClocks(tx, [...starts.keys()], starts)
    for (const { tenantId, threadId, receivedAt } of answered)
      await this.pauses.resume(tx, tenantId, threadId, { only: 'waiting_for_customer', at: receivedAt })
  }

  private async conversationsOf(tx: Transaction, candidates: Candidate[], tenantIds: string[]) {
    const emailIds = candidates.map(({ emailId }) => emailId)
    const found = await conversationsOf(tx, emailIds)
    if (found.every(({ policyVersionId }) => policyVersionId !== null)) return found
    await this.settings.furnish(tx, tenantIds)
    return conversationsOf(tx, emailIds)
  }

  private async insertOwed(tx: Transaction, conversations: Conversation[], reopenedAt?: Date): Promise<void> {
    const calendarOf = await this.calendars.load(tx, conversations)
    const clocks: NewClock[] = []
    for (const conversation of firstOfEach(conversations))
      for (const { metric, startedAt, round } of owedTo(conversation, reopenedAt)) {
        const { tenantId, emailId, revision, warningPercent, policyVersionId, calendarVersionId } =
          conversation
        const targetSeconds = conversation.targets[metric]
        if (targetSeconds === null) continue
        const terms: Terms = { startedAt, targetSeconds, warningPercent, policyVersionId, calendarVersionId }
        const entry = { type: 'started' as const, at: startedAt, recordedAt: startedAt, detail: terms }
        const face = after(undefined, entry, calendarOf)
        clocks.push({ tenantId, emailId, metric, round, revision, face })
      }
    if (clocks.length === 0) return
    insertClocks(tx, clocks)
    wakeMonitor(tx, clocks, await tx.now())
  }
}

/** Two messages of one conversation in one batch: the later one finds the clock that the earlier one starts. */
const firstOfEach = (conversations: Conversation[]): Conversation[] => [
  ...new Map(conversations.toReversed().map((one) => [one.threadId, one])).values(),
]
