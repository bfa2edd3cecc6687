export interface MailAddress {
  /** Lower-cased, always with an `@`, at most 320 characters. */
  address: string
  /** Display name as the sender wrote it, decoded; null when there is none. */
  name: string | null
}

export interface ParsedAttachment {
  /** Safe as a download name: no path, no control characters, at most 255 characters, never empty. */
  filename: string
  /** `type/subtype` in lower case; `application/octet-stream` when the mail names none that is legal. */
  contentType: string
  disposition: 'attachment' | 'inline'
  /** Without angle brackets, as `cid:` URLs in the HTML use it. */
  contentId: string | null
  /** Bytes after decoding. */
  size: number
  /** Lower-case hex digest of the decoded bytes. */
  sha256: string
  content: Uint8Array
}

/**
 * Who speaks: a person, a robot answering for a person (RFC 3834, RFC 8098), a mail system that could not
 * deliver (RFC 3464) or a provider passing on a complaint (RFC 5965). Only `human` asks for an answer.
 */
export type MailKind = 'human' | 'auto_reply' | 'bounce' | 'feedback_report'

export type MailPriority = 'high' | 'medium' | 'low'

/** One mail as the rest of Punctual sees it. Every string is well-formed UTF-16 and free of NUL. */
export interface ParsedMail {
  /** Without angle brackets, printable ASCII, at most 500 characters; made from a digest when the mail's own is unfit. */
  messageId: string
  inReplyTo: string | null
  /** Oldest first, no duplicates, at most 100: the thread's root and the latest 99. */
  references: string[]
  /** One line, at most 998 characters (RFC 5322 §2.1.1); empty when missing. */
  subject: string
  from: MailAddress | null
  to: MailAddress[]
  cc: MailAddress[]
  replyTo: MailAddress | null
  /** ISO 8601 instant in UTC; null when missing or unreadable. */
  date: string | null
  /** Derived from the HTML when there is no text part. */
  text: string
  html: string | null
  priority: MailPriority | null
  kind: MailKind
  attachments: ParsedAttachment[]
}

/** These bytes are not a mail, or one made to exhaust its reader. `reason` is one sentence for a person. */
export class UnreadableMail extends Error {
  readonly reason: string
  readonly code: 'unreadable_mail' | 'mail_too_complex'

  constructor(reason: string, code: UnreadableMail['code'] = 'unreadable_mail') {
    super(reason)
    this.name = 'UnreadableMail'
    this.reason = reason
    this.code = code
  }
}
