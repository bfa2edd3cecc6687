import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { slowest } from './support/regular-expressions.js'

const SOURCE = join(import.meta.dirname, '../src')

/**
 * Every regular expression of the source that reads what others wrote, by file. One that is missing here has not been thought
 * about. As text: what is made at run time, and is not measured.
 */
const KNOWN: Record<string, (RegExp | string)[]> = {
  'app.setup.ts': [/^[\w-]{1,64}$/],
  'auth/refresh-tokens.ts': [/^(.{8})(.{4})(.{4})(.{4})(.{12})$/],
  'calendars/calendar-input.ts': [/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/],
  'calendars/holiday-imports.dto.ts': [/^[A-Za-z]{2}$/],
  'calendars/local-time.ts': [/^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/, /^\d{4}-\d\d-\d\d$/],
  'database/resealing.ts': [/\bv1\.([0-9a-f]{8})\.[\w-]+\.[\w-]+\.[\w-]*/g],
  'database/statement-client.ts': [/^(26000|0A000)$/],
  'database/unavailable.ts': [
    /^40(001|P01)$/,
    /^(08\w{3}|53\w{3}|58\w{3}|57P0\d|57014|25P03|25006|E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)|ERR_STREAM_DESTROYED|ERR_STREAM_WRITE_AFTER_END)$/,
    /^(Connection terminated|timeout e|Query read timeout|Client (has|was) |Received unexpected |Cannot use a pool after)/,
    /^(QueryRunner(Provider)?AlreadyReleasedError|ConnectionIsNotSetError)$/,
  ],
  'egress/answer-heads.ts': [/^HTTP\/1\.\d 1(?!01)/, /^HTTP\/1\.\d 100/, /\r\n[ \t]/g],
  'egress/egress-guard.ts': [
    /^https?:\/\/[^/\\\s\p{Cc}][^\\\s\p{Cc}]*$/iu,
    /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/,
    /^\[|\]$|\.$/g,
  ],
  'emails/attachments.controller.ts': [/['()*]/g],
  'emails/emails.dto.ts': [/^[^\s<>]+$/, /^<|>$/g, /^([1-9]\d{0,14}|none)$/],
  'emails/mail-addresses.ts': [/^[^\s@][^\s]*@[^\s@]+$/],
  'emails/mail-attachments.ts': [
    /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/,
    /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g,
    /^<|>$/g,
    /\.[^.]{1,16}$/,
  ],
  'emails/mail-classification.ts': [
    /\b(mailer[-_.]?daemon|post[-_.]?master|mail\.delivery\.(sub)?system)\b/i,
    /\bmail delivery? (sub)?system\b|\bNDR administrator\b/i,
    /delivery (fail|status|has failed|delay)|mail deliver|(not be|failure) delive|undeliver|returned mail|return(ed|ing) .{0,20}to sender|failure notice|mail (failure|failed|system error)|delayed mail/i,
    /\b(user unknown|(no such|unknown) (user|recipient)|not reach the following|not be (sent|delivered)|not been delivered|delivery (to|has|is) |delivery.{0,40} fail|undeliver|mailbox (is )?full|invalid (user )?address|returned to sender|unable to deliver)/i,
    /^(auto(matic)?[- ]?(reply|response)|out of (the )?office|abwesenheitsnotiz|automatische antwort|réponse automatique|respuesta automática|risposta automatica)\b/i,
    /\bstaff@hotmail\.com\b/i,
    /^complaint about message from /i,
    /^no\b/i,
    /^(none)?$/i,
    /^no\b/i,
    /^auto[-_]reply\b/i,
    /^multipart\/report\b/i,
    /\breport-type\s*=\s*"?([\w-]+)/i,
    /^(<\s*>)?$/,
  ],
  'emails/mail-headers.ts': [
    /([+-]\d{2}:?\d{2}|[A-Z]{1,4}|\))$/i,
    /\b[ap]m$/i,
    /\d:\d{2}/,
    /^([1-5](?!\d)|[a-z-]+)/i,
  ],
  'emails/mail-text.ts': [/[\p{Cc}\u2028\u2029]+/gu],
  'emails/message-id.ts': [/^[\x21-\x7e]+$/, /<([^<>]+)>/g, /[\s,<>]+/, /\s+/g],
  'emails/raw-mail.ts': [
    /^(from|to|cc|bcc|subject|date|message-id|received|return-path|sender|reply-to|delivered-to|mime-version|content-type)[ \t]*:/im,
    /\bcharset\s*=\s*"?([\w.:-]{1,100})/i,
    /^utf-?(8|16)/i,
  ],
  'emails/replies.service.ts': [/^re:/i],
  'emails/tier-matches.ts': [/[\s/\\?#@:%[\]]/],
  'events/events.publisher.ts': [/^(.{8})(.{4})(.{4})(.{4})(.{12})$/],
  'http/client-address.ts': [/^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([\da-f:.]{2,45})\]):\d{1,5}$/i],
  'http/id.pipe.ts': [/^[1-9]\d{0,14}$/],
  'http/instant.decorator.ts': [
    /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/,
  ],
  'http/local-date.decorator.ts': [/^[12]\d{3}-\d\d-\d\d$/],
  'http/logged-error.ts': [/^22[0-9A-Z]{3}$/, /^ +at /],
  'http/problem.filter.ts': [/\W+/g],
  'sla/sla.monitor.ts': [/^(08|40|55|57)/],
  'webhooks/attempt-error.ts': [
    /^ECONNREFUSED$/,
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/,
    /^UND_ERR_HEADERS_OVERFLOW$/,
    /^UND_ERR_RES_EXCEEDED_MAX_SIZE$/,
    /^(EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_|PATH_LENGTH_|ERROR_IN_C)/,
    /^bad (response|upgrade)$/,
  ],
  'webhooks/custom-headers.ts': [
    /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|expect|user-agent|forwarded|via|x-real-ip|(content|proxy|webhook|x-webhook|x-forwarded)-.*)$/i,
  ],
  'webhooks/retry-after.ts': ['new RegExp(`^${form}$`)', /^\d{1,10}$/], // reads at most 100 characters
  'webhooks/slack-text.ts': [
    /(?<![\w.+-])@(?=(?:here|channel|everyone|group)\b)/gi,
    /[\s\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu,
    /[^\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Z}\p{M}\u2800]/u,
  ],
}

/** These read text of this program alone, of its settings, of its own PostgreSQL, or of the system. */
const OURS =
  /^(app\.lifetime|main|config\/config\.schema|database\/(naming|postgres-.*|postmaster)|http\/openapi.*|openapi)\.ts$/

describe('regular expressions', () => {
  it('are all known', () => {
    const known = Object.entries(KNOWN).map(([file, expressions]) => [file, expressions.map(String)])
    expect(Object.fromEntries(known)).toEqual(found())
  })

  it.each(Object.entries(KNOWN))('take time in proportion to what they read: %s', (_, expressions) => {
    for (const expression of expressions)
      if (typeof expression !== 'string')
        expect([expression, slowest(expression)]).toEqual([expression, null])
  })

  it.each([/^\s*("?)(utf-?8|us-ascii|ascii|)\1\s*$/i, /^[. ]+|[. ]+$/g, /<a[^>]*href[^>]*>/, /^(a+)+$/])(
    'would be found out that take more: %s',
    (expression) => {
      expect(slowest(expression)).not.toBeNull()
    },
  )
})

function found(): Record<string, string[]> {
  const files = globSync('**/*.ts', { cwd: SOURCE })
    .filter((file) => !OURS.test(file))
    .toSorted()
  return Object.fromEntries(
    files.map((file) => [file, expressionsIn(join(SOURCE, file))]).filter(([, some]) => some!.length > 0),
  )
}

/** Literals, and whatever else makes an expression, which no list can hold. */
function expressionsIn(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)
  const expressions: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isRegularExpressionLiteral(node)) expressions.push(node.getText(source))
    if (
      (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
      node.expression.getText(source) === 'RegExp'
    )
      expressions.push(node.getText(source))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return expressions
}
