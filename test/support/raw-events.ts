import { randomUUID } from 'node:crypto'
import { Client } from 'pg'

/** Events written by transactions that a test holds open as long as it likes: rows, and no listener hears of them. */
export class RawEvents {
  private constructor(
    private readonly client: Client,
    private readonly tenantId: string,
  ) {}

  static async begin(databaseUrl: string, tenantId: string): Promise<RawEvents> {
    const client = new Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query('begin')
    return new RawEvents(client, tenantId)
  }

  /** Numbered by `n`, of any name. @returns its id */
  async write(n: number, name = 'team.member.added'): Promise<string> {
    const id = randomUUID()
    await this.client.query(
      `insert into events (id, user_id, name, data, occurred_at) values ($1, $2, $3, $4, '2026-03-02T09:00:00Z')`,
      [id, this.tenantId, name, { n }],
    )
    return id
  }

  async commit(): Promise<void> {
    await this.client.query('commit')
    await this.client.end()
  }
}
