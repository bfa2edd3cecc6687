const head = (index) => `From: a@example.com\r\nMessage-ID: <${index}@evil>\r\nSubject: x\r\n`
const mixed = (index) => `${head(index)}Content-Type: multipart/mixed; boundary=b\r\n\r\n`
const named = `--b\r\nContent-Type: a/b; name="a${'.'.repeat(9_990)}b"\r\nContent-Disposition: attachment\r\n\r\nx\r\n`
const nested = Array.from(
  { length: 90 },
  (_, depth) => `Content-Type: multipart/mixed; boundary=${depth}x\r\n\r\n--${depth}x\r\n`,
).join('')
const lists = (index) => `${head(index)}Cc: ${'a:'.repeat(100)}${'b@c.d,'.repeat(70_000)}\r\n\r\nx`
const base64 = (text) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')

/** Each kind held a thread for seconds, or ended the process, once. */
export const hostileMails = [
  (index) => `${head(index)}Content-Type: text/plain; charset="${' '.repeat(100_000)}x"\r\n\r\nhi`,
  (index) => `${head(index)}X-Auto-Response-Suppress: ${'\u00a0'.repeat(200_000)}x\r\n\r\nhi`,
  (index) => `${mixed(index)}${named.repeat(48)}`,
  (index) => `${mixed(index)}${'--b\r\n'.repeat(400_000)}`,
  (index) => `${head(index)}${nested}\r\n${'--y\r\n'.repeat(900_000)}`,
  (index) => `${head(index)}\r\n${'\n'.repeat(900_000)}`,
  (index) => `${head(index)}Content-Type: text/html\r\n\r\n${'<a href='.repeat(500_000)}`,
  (index) => `${head(index)}Content-Type: text/html\r\n\r\n${'&amp;'.repeat(900_000)}`,
  (index) =>
    `${head(index)}Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n${'AA==\r\n'.repeat(300_000)}`,
  (index) =>
    `${head(index)}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
    base64(`${mixed(index)}${'--b\r\n'.repeat(400_000)}`),
  lists,
]
