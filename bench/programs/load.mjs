import { connect } from 'node:net'

/**
 * Sends one request over and over on so many connections; every answer must have the status expected. Over bare
 * sockets, so that on a small machine the load does not take the processor from what it measures.
 */
const { url, connections, seconds, headers, body, expected } = JSON.parse(process.argv[2])
const { hostname, port, pathname } = new URL(url)
const request = [
  `POST ${pathname} HTTP/1.1`,
  `host: ${hostname}:${port}`,
  ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  `content-length: ${Buffer.byteLength(body)}`,
  '',
  body,
].join('\r\n')

const latencies = []
const startedAt = performance.now()
const end = startedAt + seconds * 1_000
await Promise.all(Array.from({ length: connections }, sendUntilEnd))
const elapsed = (performance.now() - startedAt) / 1_000
latencies.sort((a, b) => a - b)
const answers = latencies.length
process.send({
  answers,
  perSecond: answers / elapsed,
  p99: Math.round(latencies[Math.floor(answers * 0.99)]),
})

function sendUntilEnd() {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, send)
    let sentAt = 0
    let received = ''
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('close', resolve)
    socket.on('data', (chunk) => {
      received += chunk
      if (!isComplete(received)) return
      if (!received.startsWith(`HTTP/1.1 ${expected} `))
        return reject(new Error(`unexpected answer: ${received}`))
      received = ''
      latencies.push(performance.now() - sentAt)
      if (performance.now() < end) send()
      else socket.end()
    })

    function send() {
      sentAt = performance.now()
      socket.write(request)
    }
  })
}

/** The app answers with a content-length. */
function isComplete(received) {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, headEnd + 2))?.[1])
  return received.length >= headEnd + 4 + length
}
