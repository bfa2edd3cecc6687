import { UnreadableMail } from './parsed-mail.js'

/**
 * What one mail may hold, whatever is in whatever: far above any honest mail, and far below what makes the thread that
 * reads it run out of memory, which may end the whole process. 25 MB of base64 have 320,000 lines.
 */
const LIMITS = { lines: 1_000_000, parts: 2_000, 'bytes of headers': 1024 * 1024 }

/** Counts what a mail has held so far, the messages in it included. */
export class MailBudget {
  private readonly left = { ...LIMITS }
  /** Places in texts that converting them between HTML and plain has to touch. */
  private marks = 1_000_000

  /** @throws UnreadableMail */
  take(what: keyof typeof LIMITS, amount = 1): void {
    this.refuseIf((this.left[what] -= amount) < 0, `more than ${LIMITS[what].toLocaleString('en')} ${what}`)
  }

  /** @throws UnreadableMail */
  refuseIf(isTooMuch: boolean, what: string): void {
    if (isTooMuch) throw new UnreadableMail(`The mail has ${what}.`, 'mail_too_complex')
  }

  /** @returns false once a mail's texts hold more than a million: this one is then not to be read */
  mayRead(marks: number): boolean {
    if (marks > this.marks) return false
    this.marks -= marks
    return true
  }
}
