import { randomUUID } from 'node:crypto'
import { BoundedMime } from './bounded-mime.js'
import { MailBudget } from './mail-budget.js'

/**
 * The text of an HTML body. postal-mime has a linear-time converter that it does not export, but which it runs
 * on an HTML part that stands beside a text part; so we hand it such a mail. The boundary cannot be guessed by
 * whoever wrote the HTML.
 */
export async function textOfHtml(html: string): Promise<string> {
  const boundary = randomUUID()
  const mail = await new BoundedMime({}, new MailBudget()).parse(
    Buffer.from(
      [
        `Content-Type: multipart/mixed; boundary=${boundary}`,
        `\r\n--${boundary}\r\nContent-Type: text/plain\r\n\r\n`,
        `--${boundary}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}`,
        `--${boundary}--\r\n`,
      ].join('\r\n'),
    ),
  )
  return (mail.text ?? '').trim()
}
