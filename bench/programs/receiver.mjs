import { createServer } from 'node:net'
import { instant } from '../support/instant.mjs'

/**
 * Takes webhooks and answers each at once with 204; with `answers: false` never. Over bare sockets, so that on a small
 * machine it does not take the processor from those whom it measures. Tells its port, and then
 * on 'how many?' how many deliveries it has had; on 'counts' since the last 'forget' how many, how many different ones,
 * the bytes of their bodies, when the first and the last came, and every hundredth; on 'arrivals' when each came, by its number.
 */
const { answers = true } = JSON.parse(process.argv[2])
const ANSWER = 'HTTP/1.1 204 No Content\r\n\r\n'
/** Where events of the bench carry their number: see `programs/publisher.mjs`. */
const NUMBER = /"previousAssigneeId":(\d+)/

let deliveries = 0
let since

const server = createServer({ noDelay: true }, (socket) => {
  let received = ''
  socket.setEncoding('latin1') // a character a byte
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    received += chunk
    for (let end = endOf(received); end > 0 && end <= received.length; end = endOf(received)) {
      take(received.slice(0, end))
      received = received.slice(end)
      if (answers) socket.write(ANSWER)
    }
  })
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
process.on('message', (question) => {
  const { seen, arrivals, ...counts } = since
  if (question === 'forget') forget()
  if (question === 'arrivals') process.send(arrivals)
  else if (question === 'counts') process.send({ ...counts, distinct: seen.size })
  else process.send(deliveries)
})
forget()

/** Where the first request ends; 0 while its head is not complete. */
function endOf(text) {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return 0
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd + 2))?.[1]
  if (length === undefined) throw new Error(`A request without a length: ${text.slice(0, headEnd)}`)
  return headEnd + 4 + Number(length)
}

function take(request) {
  const now = instant()
  const body = request.slice(request.indexOf('\r\n\r\n') + 4)
  deliveries++
  since.deliveries++
  since.bytes += body.length
  since.firstAt ??= now
  since.lastAt = now
  if (since.deliveries % 100 === 0) since.hundredths.push(now)
  // One event has the same id for each webhook: they differ in their paths.
  const path = request.slice(0, request.indexOf('\r\n'))
  since.seen.add(`${path} ${/\r\nwebhook-id: ([^\r]+)/i.exec(request)?.[1]}`)
  const number = NUMBER.exec(body)?.[1]
  if (number !== undefined) since.arrivals.push([Number(number), path, now])
}

function forget() {
  since = {
    deliveries: 0,
    bytes: 0,
    firstAt: undefined,
    lastAt: undefined,
    hundredths: [],
    seen: new Set(),
    arrivals: [],
  }
}
