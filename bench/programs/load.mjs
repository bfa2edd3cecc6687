import autocannon from 'autocannon'

/** Sends one request over and over on so many connections; every answer must have the status expected. */
const { url, connections, seconds, headers, body, expected } = JSON.parse(process.argv[2])
const result = await autocannon({ url, method: 'POST', connections, duration: seconds, headers, body })
const answers = result.statusCodeStats[expected]?.count ?? 0
const others = Object.keys(result.statusCodeStats).filter((status) => status !== String(expected))
if (others.length > 0 || result.errors > 0)
  throw new Error(`answers ${JSON.stringify(result.statusCodeStats)}, errors ${result.errors}`)
process.send({ answers, perSecond: answers / result.duration, p99: result.latency.p99 })
