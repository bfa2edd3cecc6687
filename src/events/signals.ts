/**
 * What the modules below hear of and other systems do not: no webhook knows these names, and nothing is stored. Unlike
 * the catalogue's, this list grows with what those modules need to know.
 */
export interface SignalCatalogue {
  /** Raised when an email got another priority, customer tier or category, whoever changed it. */
  'email.changed': { emailId: number; threadId: string; changed: ChangedProperty[] }
  /** Raised when a resolved email was opened again; the rest of its conversation stays as it was. */
  'email.reopened': {
    emailId: number
    threadId: string
    /** ISO 8601, as in events. */
    at: string
  }
  /** Raised when mail proved that several conversations are one, for the one that remains and has all their mail. */
  'conversation.merged': { threadId: string }
}

export type ChangedProperty = 'priority' | 'customerTier' | 'category'

export type SignalName = keyof SignalCatalogue

export const SIGNAL_NAMES = [
  'email.changed',
  'email.reopened',
  'conversation.merged',
] as const satisfies readonly SignalName[]

export interface Signal<Name extends SignalName = SignalName> {
  tenantId: string
  name: Name
  data: SignalCatalogue[Name]
}
