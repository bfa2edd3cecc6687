import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { serviceUser } from '../../src/database/postgres-os-user.js'

/** Why there is none here, for who reads that tests were skipped; undefined where it is installed. */
export const noPgBouncer =
  spawnSync('pgbouncer', ['--version']).status === 0 ? undefined : 'pgbouncer is not installed'

/** PgBouncer in transaction mode before a database: a few sessions for all its clients. */
export class PgBouncer {
  private constructor(
    readonly url: string,
    private readonly end: () => Promise<void>,
  ) {}

  static async start(databaseUrl: string, more: Record<string, string> = {}): Promise<PgBouncer> {
    const { hostname, port, username, password, pathname } = new URL(databaseUrl)
    const folder = mkdtempSync(join(tmpdir(), 'punctual-pgbouncer-'))
    chmodSync(folder, 0o755) // as root it runs as another OS user
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: String(await freePort()),
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: 'transaction',
      default_pool_size: '4',
      ...more,
    }
    const lines = [
      '[databases]',
      `* = host=${hostname} port=${port} user=${username} password=${password}`,
      '[pgbouncer]',
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    ]
    writeFileSync(join(folder, 'pgbouncer.ini'), lines.join('\n'))
    const user = process.getuid?.() === 0 ? serviceUser() : {}
    const child = spawn('pgbouncer', [join(folder, 'pgbouncer.ini')], {
      ...user,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    for await (const text of child.stderr.setEncoding('utf8')) if (/process up/.test(text as string)) break
    child.stderr.resume()
    return new PgBouncer(`postgres://any@127.0.0.1:${settings.listen_port}${pathname}`, async () => {
      child.kill('SIGINT')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    })
  }

  stop(): Promise<void> {
    return this.end()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
