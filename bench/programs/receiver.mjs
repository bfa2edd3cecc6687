import { createServer } from 'node:http'

/** Takes webhooks and answers at once. Tells its port, and on any message how many deliveries it has had. */
let deliveries = 0
const server = createServer((request, response) => {
  deliveries++
  request.resume()
  response.writeHead(204).end()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('message', () => process.send(deliveries))
process.on('disconnect', () => process.exit())
