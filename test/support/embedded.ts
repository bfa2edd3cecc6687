import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'

export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}

/** The app in a process of its own, which can be killed. */
export function spawnApp(dataDir: string) {
  const module = new URL('../../src/database/embedded-postgres.ts', import.meta.url)
  const script = `import { startEmbeddedPostgres } from ${JSON.stringify(module)}
    console.log((await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} })).url)
    setInterval(() => {}, 1000)`
  const hooks = fileURLToPath(new URL('typescript-hooks.mjs', import.meta.url))
  return spawn(process.execPath, ['--import', hooks, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10) // or the test runs into its timeout
}

export function homeOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

export function pidIn(home: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(home, 'postmaster.pid'), 'utf8').split('\n')[0])
    return isAlive(pid) ? pid : undefined
  } catch {
    return undefined
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export function names(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
