import type { Email } from 'postal-mime'
import type { Headers } from './mail-headers.js'
import type { MailKind } from './parsed-mail.js'

const ROBOT_ADDRESS = /\b(mailer[-_.]?daemon|post[-_.]?master|mail\.delivery\.(sub)?system)\b/i
const ROBOT_NAME = /\bmail delivery? (sub)?system\b|\bNDR administrator\b/i
const FAILURE_SUBJECT =
  /delivery (fail|status|has failed|delay)|mail deliver|(not be|failure) delive|undeliver|returned mail|return(ed|ing) .{0,20}to sender|failure notice|mail (failure|failed|system error)|delayed mail/i
const FAILURE_TEXT =
  /\b(user unknown|(no such|unknown) (user|recipient)|not reach the following|not be (sent|delivered)|not been delivered|delivery (to|has|is) |delivery.{0,40} fail|undeliver|mailbox (is )?full|invalid (user )?address|returned to sender|unable to deliver)/i
const AUTO_REPLY_SUBJECT =
  /^(auto(matic)?[- ]?(reply|response)|out of (the )?office|abwesenheitsnotiz|automatische antwort|réponse automatique|respuesta automática|risposta automatica)\b/i
const READ_OF_TEXT = 20_000

/**
 * Decides who speaks. A person taken for a robot gets no answer, so each rule needs a header that only robots
 * write, or two hints that agree; Precedence list and bulk are not such a header.
 *
 * @param subject on one line, trimmed
 */
export function kindOf(mail: Email, headers: Headers, subject: string, text: string): MailKind {
  if (isFeedbackReport(mail, headers, subject)) return 'feedback_report'
  if (isBounce(mail, headers, subject, text)) return 'bounce'
  if (isAutoReply(headers, subject)) return 'auto_reply'
  return 'human'
}

/** RFC 5965, and Outlook.com's older reports, which are no multipart/report. */
function isFeedbackReport(mail: Email, headers: Headers, subject: string): boolean {
  if (isReport(mail, headers, 'feedback-report', 'message/feedback-report')) return true
  const fromOutlook = /\bstaff@hotmail\.com\b/i.test(headers.get('from') ?? '')
  return fromOutlook && /^complaint about message from /i.test(subject)
}

/** RFC 3464; else a mail system that speaks of failure in its own words. */
function isBounce(mail: Email, headers: Headers, subject: string, text: string): boolean {
  if (isReport(mail, headers, 'delivery-status', 'message/delivery-status')) return true
  if (headers.has('x-failed-recipients')) return true // Exim, Gmail
  if (isFromMailSystem(headers)) {
    return FAILURE_SUBJECT.test(subject) || FAILURE_TEXT.test(text.slice(0, READ_OF_TEXT))
  }
  return hasNullReturnPath(headers) && FAILURE_SUBJECT.test(subject) && !AUTO_REPLY_SUBJECT.test(subject)
}

/** RFC 3834 §5 (Auto-Submitted, null return path), RFC 8098 (read receipts), and what came before them. */
function isAutoReply(headers: Headers, subject: string): boolean {
  const autoSubmitted = headers.get('auto-submitted') || 'no'
  if (!/^no\b/i.test(autoSubmitted)) return true
  if (!/^(none)?$/i.test(headers.get('x-auto-response-suppress') ?? '')) return true
  if (['x-autoreply', 'x-autorespond'].some((name) => !/^no\b/i.test(headers.get(name) || 'no'))) return true
  if (/^auto[-_]reply\b/i.test(headers.get('precedence') ?? '')) return true
  if (reportTypeOf(headers) === 'disposition-notification') return true
  if (hasNullReturnPath(headers)) return true
  return AUTO_REPLY_SUBJECT.test(subject) && (headers.has('in-reply-to') || headers.has('references'))
}

/**
 * A multipart/report that says so, or says nothing but carries the part. A part alone does not make a report:
 * a person who forwards a bounce and asks what it means is still a person.
 */
function isReport(mail: Email, headers: Headers, type: string, part: string): boolean {
  const said = reportTypeOf(headers)
  if (said !== '') return said === type
  return mail.attachments.some(({ mimeType }) => mimeType === part)
}

/** The report-type of a multipart/report (RFC 6522), '' when it has none, null for any other mail. */
function reportTypeOf(headers: Headers): string | null {
  const contentType = headers.get('content-type') ?? ''
  if (!/^multipart\/report\b/i.test(contentType)) return null
  return /\breport-type\s*=\s*"?([\w-]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? ''
}

function isFromMailSystem(headers: Headers): boolean {
  const from = headers.get('from') ?? ''
  return (
    ROBOT_ADDRESS.test(from) || ROBOT_NAME.test(from) || ROBOT_ADDRESS.test(headers.get('return-path') ?? '')
  )
}

/** `Return-Path: <>` (RFC 5321 §4.5.5): whoever sent this wants no answer, not even a bounce. */
function hasNullReturnPath(headers: Headers): boolean {
  return /^(<\s*>)?$/.test(headers.get('return-path') ?? 'unknown')
}
