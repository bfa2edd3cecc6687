import { readFileSync } from 'node:fs'
import { mustBeInContract } from './contract-check.js'

// Answers are checked by what the tests expect of them.
// eslint-disable-next-line typescript/no-explicit-any
export type Body = any

export interface ApiAnswer {
  status: number
  headers: Headers
  body: Body
}

/** A program that uses the API, and holds every answer against openapi.json. */
export class ApiClient {
  tenantId = ''
  refreshToken = ''
  /** A fault of the application is what the test makes: 500 stands in no contract. */
  expectsFaults = false
  /** Another release may answer, which has a contract of its own. */
  isOfAnyRelease = false

  constructor(
    private readonly baseUrl: string,
    public token?: string,
  ) {}

  static async register(baseUrl: string, email: string): Promise<ApiClient> {
    const client = new ApiClient(baseUrl)
    const { body } = await client.post('/auth/register', { email, password: 'a long password', name: 'Ada' })
    client.token = body.accessToken
    client.refreshToken = body.refreshToken
    client.tenantId = body.user.tenantId
    return client
  }

  get = (path: string) => this.send('GET', path)
  delete = (path: string) => this.send('DELETE', path)
  put = (path: string, body: unknown) => this.send('PUT', path, body)
  patch = (path: string, body: unknown) => this.send('PATCH', path, body)
  post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    this.send('POST', path, body, headers)

  postMail = (mail: string | Buffer, query = '') =>
    this.raw('POST', `/emails/inbound${query}`, typeof mail === 'string' ? readFileSync(mail) : mail, {
      'content-type': 'message/rfc822',
    })

  send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    return this.raw(method, path, body === undefined ? undefined : JSON.stringify(body), {
      ...type,
      ...headers,
    })
  }

  async raw(
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const response = await fetch(`${this.baseUrl}/api${path}`, {
      method,
      body: body as string | undefined,
      headers: { ...(this.token && { authorization: `Bearer ${this.token}` }), ...headers },
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    const { status, headers: answered } = response
    const read = isJson && method !== 'HEAD' ? JSON.parse(text) : text
    const contentType = answered.get('content-type') ?? ''
    if (!this.isOfAnyRelease && !(this.expectsFaults && status === 500))
      mustBeInContract({ method, path: `/api${path}`, status, contentType, body: read })
    return { status, headers: answered, body: read }
  }
}
