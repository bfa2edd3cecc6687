// A receiver of Punctual's webhooks, complete: it verifies, keeps each event once, answers at once and works afterwards.
//
//   npm install standardwebhooks
//   WEBHOOK_SECRET=whsec_… node receiver.mjs
//
// Node 22.13 or newer, for its SQLite. In a program of yours the inbox is a table of your own database.
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { Webhook } from 'standardwebhooks'

const { WEBHOOK_SECRET, PORT = '8080', HOST = '127.0.0.1', INBOX = 'inbox.db' } = process.env
const MOST_BYTES = 1024 * 1024

const webhook = new Webhook(WEBHOOK_SECRET ?? '') // refuses to start without a secret
const inbox = new DatabaseSync(INBOX)
inbox.exec('pragma busy_timeout = 5000') // somebody may be looking into it
inbox.exec('create table if not exists inbox (id text primary key, body text not null, done_at text)')
const keep = inbox.prepare('insert into inbox (id, body) values (?, ?) on conflict do nothing')
const waiting = inbox.prepare('select id, body from inbox where done_at is null order by rowid')
const finish = inbox.prepare("update inbox set done_at = datetime('now') where id = ?")

createServer((request, response) => {
  take(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(500).end(), // it will be sent again
  )
}).listen(Number(PORT), HOST, function () {
  console.log(`listening on http://${HOST}:${this.address().port}/`)
  work() // what an earlier run took and did not finish
})

/** Gives the status to answer with. */
async function take(request) {
  if (request.method !== 'POST') return 405
  const body = await bytesOf(request)
  if (!body) return 413
  try {
    webhook.verify(body, request.headers)
  } catch {
    return 401
  }
  // Once it is written down it is ours: what comes twice changes nothing, and a crash loses nothing.
  const { changes } = keep.run(request.headers['webhook-id'], body.toString('utf8'))
  if (changes > 0) setImmediate(work)
  return 204
}

/** As they came: the signature is of these bytes. What is too large is read to its end, but not kept. */
async function bytesOf(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= MOST_BYTES) chunks.push(chunk)
  }
  return size <= MOST_BYTES ? Buffer.concat(chunks) : null
}

/** After the answer, for which Punctual waits a few seconds only. What fails is tried again with the next delivery. */
function work() {
  for (const { id, body } of waiting.all()) {
    try {
      handle(JSON.parse(body))
      finish.run(id)
    } catch (error) {
      console.error(`${id} waits:`, error)
    }
  }
}

/**
 * Yours. Done again where a crash came in between; and events of one email may arrive out of order: `sequence` counts
 * them.
 */
function handle({ id, event, sequence }) {
  console.log(`${event} ${id}${sequence ? ` #${sequence}` : ''}`)
}
