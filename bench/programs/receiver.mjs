import { createServer } from 'node:net'
import { ByteLog } from '../support/byte-log.mjs'
import { instant } from '../support/instant.mjs'

/**
 * Takes webhooks and answers each at once with 204; with `answers: false` never. A real receiver has a machine of its own:
 * this one shares two processors with those whom it measures, and takes as little of them as Node can. It speaks over bare
 * sockets and only keeps the bytes that come: what they say is read when somebody asks.
 *
 * Tells its port, and then of what came since the last 'forget': on 'how many?' how many deliveries; on 'counts' also how
 * many different ones, the bytes of their bodies, when the first and the last came, and every hundredth; on 'arrivals' when
 * each came, by its number.
 */
const { answers = true } = JSON.parse(process.argv[2])
const ANSWER = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')
const HEAD_END = Buffer.from('\r\n\r\n')
const LENGTH = Buffer.from('\r\ncontent-length: ') // as undici writes it, which all take
const DIGIT_0 = 0x30
/** Where events of the bench carry their number: see `programs/publisher.mjs`. */
const NUMBER = /"previousAssigneeId":(\d+)/

let requests = new ByteLog()
let times = []

const server = createServer({ noDelay: true }, (socket) => {
  let begun
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    const bytes = begun ? Buffer.concat([begun, chunk]) : chunk
    let from = 0
    for (let end = endOf(bytes, from); end <= bytes.length; end = endOf(bytes, from)) {
      requests.add(bytes, from, end)
      times.push(instant())
      from = end
      if (answers) socket.write(ANSWER)
    }
    begun = from < bytes.length ? bytes.subarray(from) : undefined
  })
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
process.on('message', (question) => {
  if (question === 'forget') {
    requests = new ByteLog()
    times = []
  }
  if (question === 'counts') process.send(counts())
  else if (question === 'arrivals') process.send(arrivals())
  else process.send(times.length)
})

/** Where the request that begins there ends: nowhere while its head is not complete. */
function endOf(bytes, from) {
  const headEnd = bytes.indexOf(HEAD_END, from)
  if (headEnd < 0) return Infinity
  const lengthAt = bytes.indexOf(LENGTH, from)
  if (lengthAt < 0 || lengthAt > headEnd) throw new Error('A request without a length')
  let length = 0
  for (let at = lengthAt + LENGTH.length; at < headEnd && bytes[at] >= DIGIT_0; at++)
    length = length * 10 + bytes[at] - DIGIT_0
  return headEnd + HEAD_END.length + length
}

function counts() {
  const seen = new Set()
  let bytes = 0
  for (const { path, id, body } of heard()) {
    seen.add(`${path} ${id}`) // one event has the same id for each webhook
    bytes += body.length
  }
  return {
    deliveries: times.length,
    distinct: seen.size,
    bytes,
    firstAt: times[0],
    lastAt: times.at(-1),
    hundredths: times.filter((_, index) => index % 100 === 99),
  }
}

function arrivals() {
  return heard().flatMap(({ path, body }, index) => {
    const number = NUMBER.exec(body)?.[1]
    return number === undefined ? [] : [[Number(number), path, times[index]]]
  })
}

function heard() {
  return requests.all().map((bytes) => {
    const request = bytes.latin1Slice() // a character a byte
    const bodyAt = request.indexOf('\r\n\r\n') + 4
    const path = request.slice(0, request.indexOf('\r\n'))
    return { path, id: /\r\nwebhook-id: ([^\r]+)/.exec(request)?.[1], body: request.slice(bodyAt) }
  })
}
