import { lowerCase } from '../database/lower-case.js'
import { addressParser, type Address, type Email, type Mailbox } from 'postal-mime'
import type { MailAddress } from './parsed-mail.js'
import { oneLine } from './mail-text.js'

const MAX_ADDRESS_LENGTH = 320 // 64 for the local part, the @, 255 for the domain (RFC 5321 §4.5.3.1)
const MAX_NAME_LENGTH = 255
const MAX_RECIPIENTS = 1000

/**
 * Who wrote the mail. Broken mail leaves From out or without an address; then whoever sent it (RFC 5322 §3.6.2),
 * bounces are to be sent to, or answers are to go to, is the best name for its author.
 */
export function senderOf(mail: Email): MailAddress | null {
  const returnPath = mail.returnPath ? addressParser(mail.returnPath) : []
  const candidates = [mail.from, mail.sender, ...returnPath, ...(mail.replyTo ?? [])]
  return addressesOf(candidates.filter((candidate) => candidate !== undefined))[0] ?? null
}

/** Groups (`Team: a@example.com, b@example.com;`) are unwrapped; what has no `@` is left out. */
export function addressesOf(addresses: Address[] = []): MailAddress[] {
  const mailboxes = addresses.flatMap((entry) => (entry.group ? entry.group : [entry]))
  return mailboxes.flatMap(addressOf).slice(0, MAX_RECIPIENTS)
}

function addressOf({ address, name }: Mailbox): MailAddress[] {
  const clean = lowerCase(oneLine(address, MAX_ADDRESS_LENGTH + 1))
  if (clean.length > MAX_ADDRESS_LENGTH || !/^[^\s@][^\s]*@[^\s@]+$/.test(clean)) return []
  return [{ address: clean, name: oneLine(name, MAX_NAME_LENGTH) || null }]
}
