import { move, transferableSymbol, valueSymbol } from 'piscina'
import type { Email } from 'postal-mime'
import { textOfHtml } from './html-text.js'
import { LenientMime } from './lenient-mime.js'
import { addressesOf, senderOf } from './mail-addresses.js'
import { attachmentOf } from './mail-attachments.js'
import { MailBudget } from './mail-budget.js'
import { kindOf } from './mail-classification.js'
import { dateOf, headersOf, priorityOf } from './mail-headers.js'
import { oneLine, storable } from './mail-text.js'
import { inReplyToOf, messageIdOf, referencesOf } from './message-id.js'
import { UnreadableMail, type ParsedMail } from './parsed-mail.js'
import { sitDown, type Seat } from '../workers/seat.js'
import { bodyAsText, HEADERS_TOO_LARGE, MAX_HEADER_BYTES, readableMail } from './raw-mail.js'

// This file runs in worker threads, from dist as .js and in tests as .ts through Node's type stripping, so it and
// what it imports use no decorators, enums or parameter properties.

const MAX_NESTING = 100
const MAX_ATTACHMENTS = 1000

/** What crosses to the main thread. An Error loses its class on the way, so the refusal travels as a value. */
export type ParseOutcome = { mail: ParsedMail } | { unreadable: string; code: UnreadableMail['code'] }

export interface ParseTask {
  raw: Uint8Array<ArrayBuffer>
  seat: Seat
}

/** Piscina's task: one raw mail in, its parts out, with the attachments' bytes moved rather than copied. */
export default async function parse({ raw, seat }: ParseTask): Promise<ParseOutcome> {
  sitDown(seat)
  try {
    return moved({ mail: await parsedMail(raw) })
  } catch (error) {
    if (error instanceof UnreadableMail) return { unreadable: error.reason, code: error.code }
    throw error
  }
}

async function parsedMail(raw: Uint8Array): Promise<ParsedMail> {
  const readable = readableMail(raw)
  const mail = await mimeOf(readable)
  const headers = headersOf(mail)
  const text = storable(await textOf(mail, readable))
  const subject = oneLine(mail.subject ?? '', 998)
  return {
    messageId: messageIdOf(mail.messageId, raw),
    inReplyTo: inReplyToOf(mail.inReplyTo),
    references: referencesOf(mail.references),
    subject,
    from: senderOf(mail),
    to: addressesOf(mail.to),
    cc: addressesOf(mail.cc),
    replyTo: addressesOf(mail.replyTo)[0] ?? null,
    date: dateOf(headers),
    text,
    html: mail.html === undefined ? null : storable(mail.html),
    priority: priorityOf(headers),
    kind: kindOf(mail, headers, subject, text),
    attachments: mail.attachments.map((part, index) => attachmentOf(part, index + 1)),
  }
}

/** A multipart whose boundary is lost comes out of postal-mime with nothing in it; a person still wants to read it. */
async function textOf(mail: Email, raw: Uint8Array): Promise<string> {
  if (mail.text !== undefined) return mail.text
  if (mail.html !== undefined) return textOfHtml(mail.html)
  return mail.attachments.length === 0 ? bodyAsText(raw) : ''
}

async function mimeOf(raw: Uint8Array): Promise<Email> {
  const limits = { maxNestingDepth: MAX_NESTING, maxHeadersSize: MAX_HEADER_BYTES }
  const mail = await new LenientMime(limits, new MailBudget()).parse(raw).catch((error: Error) => {
    throw error instanceof UnreadableMail ? error : refusal(error)
  })
  if (mail.attachments.length > MAX_ATTACHMENTS) {
    throw new UnreadableMail(`The mail has more than ${MAX_ATTACHMENTS} attachments.`, 'mail_too_complex')
  }
  return mail
}

/** postal-mime's limits speak through the message alone. */
function refusal({ message }: Error): UnreadableMail {
  if (message.startsWith('Maximum MIME nesting'))
    return new UnreadableMail(
      `The mail nests more than ${MAX_NESTING} parts in each other.`,
      'mail_too_complex',
    )
  if (message.startsWith('Maximum header size'))
    return new UnreadableMail(HEADERS_TOO_LARGE, 'mail_too_complex')
  return new UnreadableMail(`The structure of the mail cannot be read (${oneLine(message, 200)}).`)
}

function moved(outcome: { mail: ParsedMail }): ParseOutcome {
  const buffers = new Set(outcome.mail.attachments.map(({ content }) => content.buffer))
  // Piscina unwraps the value before it reaches the caller, which its types cannot say.
  return move({ [transferableSymbol]: [...buffers], [valueSymbol]: outcome }) as unknown as ParseOutcome
}
