import { UnreadableMail } from './parsed-mail.js'

/**
 * What one mail may hold, whatever is in whatever: far above any honest mail, and far below what makes the thread that
 * reads it run out of memory, which may end the whole process. 25 MB of base64 have 320,000 lines.
 */
const LIMITS = { lines: 1_000_000, parts: 2_000, 'bytes of headers': 1024 * 1024, messages: 1_200 }

/** What a message inside of the mail may have beside that: a digest has a thousand, with texts and headers of their own. */
const OF_MESSAGE = { parts: 5, 'bytes of headers': 8 * 1024 }

/** As text-marks.ts counts. The worst kinds take 2 s and three quarters of a thread's memory for as many. */
const MOST_MARKS = 4_000_000

/** Counts what a mail has held so far, the messages in it included. */
export class MailBudget {
  private readonly left = { ...LIMITS }
  private marks = MOST_MARKS

  /** @throws UnreadableMail */
  take(what: keyof typeof LIMITS, amount = 1): void {
    this.refuseIf((this.left[what] -= amount) < 0, `more than ${LIMITS[what].toLocaleString('en')} ${what}`)
  }

  /** @throws UnreadableMail */
  takeMessage(): void {
    this.take('messages')
    this.left.parts += OF_MESSAGE.parts
    this.left['bytes of headers'] += OF_MESSAGE['bytes of headers']
  }

  /** @throws UnreadableMail */
  refuseIf(isTooMuch: boolean, what: string): void {
    if (isTooMuch) throw new UnreadableMail(`The mail has ${what}.`, 'mail_too_complex')
  }

  /** @returns false once a mail's texts hold more marks than may be: this one is then not to be read */
  mayRead(marks: number): boolean {
    if (marks > this.marks) return false
    this.marks -= marks
    return true
  }
}
