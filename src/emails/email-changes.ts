import type { Transaction } from '../database/transaction.js'
import type { ChangeAction, EmailChange } from './email-change.entity.js'

export interface Actor {
  tenantId: string
  /** Null when nobody did it: a rule of the tenant's. */
  userId: string | null
}

/** Writes the same entry into the history of each of these emails. */
export function record(
  tx: Transaction,
  { tenantId, userId }: Actor,
  emailIds: number[],
  action: ChangeAction,
  detail: EmailChange['detail'] = {},
): void {
  if (emailIds.length === 0) return
  tx.write(
    `insert into email_changes (user_id, email_id, actor_id, action, detail, created_at)
     select $1, id, $3, $4, $5, ${tx.sqlNow} from unnest($2::bigint[]) as id order by id`,
    [tenantId, emailIds, userId, action, JSON.stringify(detail)],
  )
}
