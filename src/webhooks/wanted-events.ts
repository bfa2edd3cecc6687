/**
 * SQL: webhook `w` wants event `e`, of which `wanted` has the patterns that ask for it and the webhook that it is about:
 * that one does not hear of it. Filters are about emails: what is about none passes.
 */
export const WANTS = `
  w.user_id = e.user_id and w.events::jsonb ?| wanted.patterns and w.id is distinct from wanted.about
  and (e.email_id is null or (
    (w.priorities is null or e.data #>> '{email,priority}' = any(w.priorities))
    and (w.customer_tiers is null or e.data #>> '{email,customerTier}' = any(w.customer_tiers))
    and (w.mailbox_ids is null or coalesce((e.data #>> '{email,mailboxId}')::bigint = any(w.mailbox_ids), false))))`
