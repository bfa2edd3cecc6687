// node verify.mjs < body
// The headers and the secret come from the environment, the headers as CGI names them: HTTP_WEBHOOK_ID, …
import { createHmac, timingSafeEqual } from 'node:crypto'
import { buffer } from 'node:stream/consumers'

const TOLERANCE_SECONDS = 5 * 60

/**
 * Gives the event that a delivery tells of.
 * @param body the bytes as they came: parsing and writing them again would change them
 * @throws when the delivery is not from Punctual, or not from now
 */
function verify(secret, headers, body) {
  const { id, timestamp, signature } = headers
  if (!id || !timestamp || !signature) throw new Error('a header is missing')
  const age = Math.floor(Date.now() / 1000) - Number(timestamp)
  // Written so that NaN, from what is no number, is refused too.
  if (!(Math.abs(age) <= TOLERANCE_SECONDS)) throw new Error('the timestamp is not from now')

  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  if (key.length === 0) throw new Error('there is no secret') // anyone can sign with nothing
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  // While a secret is being replaced there are two signatures: one that fits is enough.
  const fits = signature.split(' ').some((one) => equal(one, `v1,${expected}`))
  if (!fits) throw new Error('no signature fits')
  return JSON.parse(body.toString('utf8'))
}

/** Takes as long whichever character differs, which is what keeps a signature from being guessed bit by bit. */
function equal(a, b) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const { WEBHOOK_SECRET, HTTP_WEBHOOK_ID, HTTP_WEBHOOK_TIMESTAMP, HTTP_WEBHOOK_SIGNATURE } = process.env
try {
  const headers = {
    id: HTTP_WEBHOOK_ID,
    timestamp: HTTP_WEBHOOK_TIMESTAMP,
    signature: HTTP_WEBHOOK_SIGNATURE,
  }
  const { event } = verify(WEBHOOK_SECRET ?? '', headers, await buffer(process.stdin))
  console.log(`verified ${event}`)
} catch (error) {
  console.error(`refused: ${error.message}`)
  process.exitCode = 1
}
