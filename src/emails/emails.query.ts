import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { instantOf } from '../http/instant.decorator.js'
import { cursorKey, toPage, type Page } from '../http/paging.js'
import { notFound } from '../http/problem.js'
import { isoText } from './email-facts.js'
import type { ClockView, EmailSummaryView, EmailView } from './email.view.js'
import type { EmailsQuery } from './emails.dto.js'
import { Searches } from './searches.service.js'

/** Narrow SQL read model of another module's table: an email's page shows its clock. */
const CLOCK = `json_build_object('id', c.id, 'metric', c.metric, 'state', c.state, 'emailId', c.email_id,
  'startedAt', ${isoText('c.started_at')}, 'targetMinutes', c.target_seconds / 60.0,
  'warningAt', ${isoText('c.warning_at')}, 'deadlineAt', ${isoText('c.deadline_at')},
  'warnedAt', ${isoText('c.warned_at')}, 'breachedAt', ${isoText('c.breached_at')},
  'pausedAt', ${isoText('c.paused_at')}, 'pauseReason', c.pause_reason, 'stoppedAt', ${isoText('c.stopped_at')})`

/** The clock of its answer, which the email that started it shows: the last one, should it have been reopened. */
const REPLY_CLOCK = `sla_clocks c on c.email_id = e.id and c.metric <> 'resolution' and not exists (
  select from sla_clocks later where later.email_id = e.id and later.metric <> 'resolution' and later.id > c.id)`

const FROM = `json_build_object('address', e.from_address, 'name', e.from_name) as "from"`

const SUMMARY = `e.id, e.thread_id as "threadId", e.message_id as "messageId", e.subject, ${FROM}, e.kind, e.status,
  e.priority, e.customer_tier as "customerTier", e.category, e.assignee_id as "assigneeId",
  e.received_at as "receivedAt", e.replied_at as "repliedAt", e.resolved_at as "resolvedAt",
  case when c.id is null then null else ${CLOCK} end as clock`

const ONE = `select ${SUMMARY} from emails e left join ${REPLY_CLOCK}`

const REPLIES = `select id, author_id as "authorId", to_address as "toAddress", subject, body_text as "bodyText",
  body_html as "bodyHtml", message_id as "messageId", state, sent_elsewhere as "sentElsewhere", attempts,
  error_message as "errorMessage", created_at as "createdAt", sent_at as "sentAt"
  from email_replies where email_id = $1 order by id`

const ATTACHMENTS = `select id, filename, content_type as "contentType", disposition, content_id as "contentId",
  size_bytes as "sizeBytes", sha256 from email_attachments where email_id = $1 order by id`

const THREAD = `select e.id, e.subject, ${FROM}, e.status, e.received_at as "receivedAt"
  from emails e where e.user_id = $1 and e.thread_id = $2 order by e.received_at, e.id limit 500`

const CLOCKS = `select ${CLOCK} as clock from sla_clocks c join emails t on t.id = c.email_id
  where t.user_id = $1 and t.thread_id = $2 order by c.started_at, c.id limit 500`

const HISTORY = `select at, action, "actorId", detail from (
    select occurred_at as at, 1 as part, seq, name as action, null::uuid as "actorId", data::jsonb - 'email' as detail
      from events where email_id = $1
    union all
    select created_at, 2, id, action, actor_id, detail::jsonb from email_changes where email_id = $1
  ) entries order by at, part, seq limit 1000`

/** Reads of the mailbox. */
@Injectable()
export class EmailsReader {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
    private readonly searches: Searches,
  ) {}

  /** @throws Problem 503 for a search that takes too long, 429 or 503 for too many of them */
  async list(tenantId: string, query: EmailsQuery): Promise<Page<EmailSummaryView>> {
    const { sqlNow } = this.clock
    const { sql, parameters } = listSql(tenantId, query, sqlNow)
    const rows = query.q
      ? await this.searches.find<EmailSummaryView>(
          tenantId,
          [sql, listSql(tenantId, query, sqlNow, byWordsFirst).sql],
          parameters,
        )
      : await this.work.query<EmailSummaryView>(sql, parameters)
    return toPage(rows, query.limit, ({ id, receivedAt, clock }) => [
      query.sort === 'deadline' ? clock!.deadlineAt! : receivedAt,
      id,
    ])
  }

  /** @throws Problem 404 */
  async read(tenantId: string, id: number): Promise<EmailView> {
    const [email] = await this.work.query<EmailView>(
      `select ${SUMMARY}, e.to_addresses as "to", e.cc_addresses as cc, e.body_text as "bodyText",
              e.body_html as "bodyHtml"
       from emails e left join ${REPLY_CLOCK} where e.id = $1 and e.user_id = $2`,
      [id, tenantId],
    )
    if (!email) throw notFound('email')
    const [attachments, replies, thread, clocks, history] = await Promise.all([
      this.work.query<EmailView['attachments'][number]>(ATTACHMENTS, [id]),
      this.work.query<EmailView['replies'][number]>(REPLIES, [id]),
      this.work.query<EmailView['thread'][number]>(THREAD, [tenantId, email.threadId]),
      this.work.query<{ clock: ClockView }>(CLOCKS, [tenantId, email.threadId]),
      this.work.query<EmailView['history'][number]>(HISTORY, [id]),
    ])
    return { ...email, attachments, replies, thread, clocks: clocks.map(({ clock }) => clock), history }
  }
}

/** An email of the list, as a transaction sees it. */
export async function summaryOf(tx: Transaction, tenantId: string, id: number): Promise<EmailSummaryView> {
  // Not `=`: the tenant's index must not look as good as the primary key while the table is small.
  const [email] = await tx.query<EmailSummaryView>(
    `${ONE} where e.id = $1 and e.user_id is not distinct from $2`,
    [id, tenantId],
  )
  return email!
}

function listSql(tenantId: string, query: EmailsQuery, sqlNow: string, searching = asPlanned) {
  const parameters: unknown[] = [tenantId]
  const bind = (value: unknown) => `$${parameters.push(value)}`
  const conditions = [...filters(query, sqlNow, bind, searching), ...after(query, bind)]
  const [join, order] =
    query.sort === 'deadline'
      ? ['join', 'c.deadline_at, c.email_id']
      : ['left join', 'e.received_at desc, e.id desc']
  const tenant =
    query.sort === 'deadline'
      ? 'c.user_id = $1 and e.user_id = $1 and c.deadline_at is not null'
      : 'e.user_id = $1'
  const sql = `select ${SUMMARY} from emails e ${join} ${REPLY_CLOCK}
    where ${[tenant, ...conditions].join(' and ')} order by ${order} limit ${bind(query.limit + 1)}`
  return { sql, parameters }
}

function* filters(
  query: EmailsQuery,
  sqlNow: string,
  bind: (value: unknown) => string,
  searching: (condition: string) => string,
) {
  const { status, priority, customerTier, assignee, overdue, q } = query
  if (status) yield `e.status = ${bind(status)}`
  if (priority) yield `e.priority = ${bind(priority)}`
  if (customerTier) yield `e.customer_tier = ${bind(customerTier)}`
  if (assignee === 'none') yield 'e.assignee_id is null'
  else if (assignee) yield `e.assignee_id = ${bind(Number(assignee))}`
  const isOverdue = `coalesce(c.state = 'running' and c.deadline_at < ${sqlNow}, false)`
  if (overdue !== undefined) yield overdue ? isOverdue : `not ${isOverdue}`
  if (q) yield searching(`${SEARCHED} @@ websearch_to_tsquery('simple', ${bind(q)})`)
}

/** The expression of emails_search_idx, word for word. */
const SEARCHED = `to_tsvector('simple', e.subject || ' ' || e.from_address || ' ' || coalesce(e.from_name, '')
  || ' ' || left(e.body_text, 100000))`

const asPlanned = (condition: string) => condition

/** Found by the index of words alone: none of the tenant's looks better to whoever takes `to_tsvector` for cheap. */
const byWordsFirst = (condition: string) =>
  `e.id = any(array(select e.id from emails e where ${condition} and e.user_id is not distinct from $1))`

function* after({ cursor, sort }: EmailsQuery, bind: (value: unknown) => string) {
  const key = cursorKey(cursor, isInstantAndId)
  if (!key) return
  const [at, id] = key.map(bind)
  if (sort === 'deadline') yield `(c.deadline_at, c.email_id) > (${at}::timestamptz, ${id}::bigint)`
  else yield `(e.received_at, e.id) < (${at}::timestamptz, ${id}::bigint)`
}

const isInstantAndId = ([at, id, ...rest]: unknown[]) =>
  isFromPage(at) && Number.isSafeInteger(id) && rest.length === 0

/** PostgreSQL knows no year 0, and no mail is from before 1970. */
function isFromPage(at: unknown): boolean {
  const instant = typeof at === 'string' ? instantOf(at) : null
  return instant !== null && instant.getTime() >= 0 && instant.toISOString() === at
}
