// Posts once as the application does, and once with `fetch`; then ends by itself, whatever connections are still kept.
import 'reflect-metadata'
import { clientWith } from './webhook-client.js'

const url = process.argv[2]!
const attempt = await clientWith({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32' }).post(url, {}, '{}')
const isFetched = await fetch(url, { method: 'POST', body: '{}' }).then(
  () => true,
  () => false,
)
console.log(JSON.stringify({ attempt, isFetched }))
