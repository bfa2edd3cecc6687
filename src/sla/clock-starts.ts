import { Injectable, Logger } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { DeadlineTooFar } from '../calendars/business-calendar.js'
import { after, type ClockFace } from './clock-life.js'
import { insertClocks, wakeMonitor, type NewClock } from './clock-rows.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { conversationsOf, earlierStarts, owedTo, type Candidate, type Conversation } from './owed-clocks.js'
import { SlaRevisions } from '../calendars/revisions.service.js'
import { SlaSettings } from './sla-settings.service.js'

/** Starts the clocks that emails await and do not have, in the transaction of what happened to them. */
@Injectable()
export class ClockStarts {
  private readonly logger = new Logger(ClockStarts.name)

  constructor(
    private readonly settings: SlaSettings,
    private readonly revisions: SlaRevisions,
    private readonly calendars: CompiledCalendars,
    private readonly recomputation: ClockRecomputation,
  ) {}

  /**
   * @param reopenedAt when these emails were opened again: from then on they await a resolution
   * @returns how the conversations stood before
   */
  async start(tx: Transaction, candidates: Candidate[], reopenedAt?: Date): Promise<Conversation[]> {
    if (candidates.length === 0) return []
    const tenantIds = [...new Set(candidates.map(({ tenantId }) => tenantId))]
    this.revisions.share(tx, tenantIds)
    lockConversations(tx, candidates)
    const conversations = await this.conversationsOf(tx, candidates, tenantIds)
    const calendarOf = await this.calendars.load(tx, conversations)
    const clocks: NewClock[] = []
    for (const conversation of firstOfEach(conversations)) {
      for (const { metric, startedAt, round } of owedTo(conversation, reopenedAt)) {
        const targetSeconds = conversation.targets[metric]
        if (targetSeconds === null) continue
        const { tenantId, emailId, revision, warningPercent, policyVersionId, calendarVersionId } =
          conversation
        const terms = { startedAt, targetSeconds, warningPercent, policyVersionId, calendarVersionId }
        const entry = { type: 'started' as const, at: startedAt, recordedAt: startedAt, detail: terms }
        const face = this.unlessTooFar(() => after(undefined, entry, calendarOf))
        if (face) clocks.push({ tenantId, emailId, metric, round, revision, face })
      }
    }
    if (clocks.length > 0) {
      insertClocks(tx, clocks)
      wakeMonitor(tx, clocks, await tx.now())
    }
    // A message that comes late, and was sent before the one that started a clock, has waited longer.
    await this.recomputation.moveStarts(tx, conversations.flatMap(earlierStarts))
    return conversations
  }

  private async conversationsOf(tx: Transaction, candidates: Candidate[], tenantIds: string[]) {
    const emailIds = candidates.map(({ emailId }) => emailId)
    const found = await conversationsOf(tx, emailIds)
    if (found.every(({ policyVersionId }) => policyVersionId !== null)) return found
    await this.settings.furnish(tx, tenantIds)
    return conversationsOf(tx, emailIds)
  }

  /** Policies are refused whose deadline nobody would live to see; mail is not, whatever the calendar has become. */
  private unlessTooFar(start: () => ClockFace): ClockFace | undefined {
    try {
      return start()
    } catch (error) {
      if (!(error instanceof DeadlineTooFar)) throw error
      this.logger.warn(error.message)
      return undefined
    }
  }
}

/**
 * What happens to a conversation's clocks happens one after another: a message that comes in while another is being
 * answered must not take the clock that stops for its own.
 */
export function lockConversations(tx: Transaction, conversations: { threadId: string }[]): void {
  tx.write(
    `select pg_advisory_xact_lock(key)
     from (select distinct hashtextextended('clocks ' || thread, 0) as key from unnest($1::text[]) as thread
           order by key) as keys`,
    [conversations.map(({ threadId }) => threadId)],
  )
}

/** Two messages of one conversation in one batch: the later one finds the clock that the earlier one starts. */
const firstOfEach = (conversations: Conversation[]): Conversation[] => [
  ...new Map(conversations.toReversed().map((one) => [one.threadId, one])).values(),
]
