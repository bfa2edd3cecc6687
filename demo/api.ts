/** Answers are JSON that the tour reads a few fields of. */
// eslint-disable-next-line typescript/no-explicit-any
type Json = any

/** The REST API, as a program uses it. */
export class Api {
  token = ''

  constructor(private readonly url: string) {}

  get = (path: string) => this.send('GET', path)
  post = (path: string, body: unknown = {}) => this.send('POST', path, JSON.stringify(body))
  postMail = (path: string, mail: Buffer<ArrayBuffer>) => this.send('POST', path, mail, 'message/rfc822')

  private async send(
    method: string,
    path: string,
    body?: RequestInit['body'],
    type = 'application/json',
  ): Promise<Json> {
    const response = await fetch(`${this.url}/api${path}`, {
      method,
      body,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': type }),
      },
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return JSON.parse(text)
  }
}
