import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { PostgresFiles } from './postgres-files.js'
import { IN_USE_LOCK, join, joinOrLaunch, type Session } from './postgres-session.js'
import { findPostmaster, shutDownPostmaster } from './postmaster.js'

const AGAIN_MS = 1_000

/**
 * Keeps the embedded server running while this process uses it. Its session ends with the server: then the server is
 * started again, unless another process was faster or only the session was cut.
 */
export class PostgresKeeper {
  private isLeaving = false
  private reviving: Promise<void> | undefined

  constructor(
    private readonly files: PostgresFiles,
    private readonly settings: Record<string, string>,
    private session: Session,
    private readonly log: (line: string) => void,
    private readonly tell: (line: string) => void,
    private readonly onLost: (error: Error) => void,
  ) {
    this.watch(session)
  }

  /** Stops the server when nobody else uses it. */
  async leave(): Promise<void> {
    this.isLeaving = true
    await this.reviving
    this.session.ref()
    const postmaster = findPostmaster(this.files.home)
    if (!postmaster) return this.session.end().catch(() => {})
    const isOpen = await this.session.query('select 1').then(
      () => true,
      () => false,
    )
    const client = isOpen ? this.session : await join(postmaster, this.files)
    if (!client) return
    try {
      const last = await isLast(client).catch(() => undefined) // somebody else stops it right now
      if (last) await shutDownPostmaster(this.files, postmaster)
      if (last === false) this.log(`PostgreSQL goes on running (pid ${postmaster.pid}): others are connected`)
    } finally {
      await client.end().catch(() => {})
    }
  }

  private watch(session: Session): void {
    this.session = session
    session.unref() // an app that never calls leave() must still be able to exit
    session.once('end', () => {
      if (!this.isLeaving) this.reviving = this.revive()
    })
  }

  private async revive(): Promise<void> {
    const hasEnded = !findPostmaster(this.files.home)
    if (hasEnded) this.tell('The embedded PostgreSQL ended; starting it again')
    else this.log('The session that keeps PostgreSQL running has ended')
    while (!this.isLeaving) {
      try {
        const { client, port } = await joinOrLaunch(this.files, this.settings, this.log)
        this.watch(client)
        if (hasEnded) this.tell('The embedded PostgreSQL is back')
        if (String(port) !== this.settings.port) this.onLost(new Error(`it has moved to port ${port}`))
        return
      } catch (error) {
        if (!findPostmaster(this.files.home)) return this.onLost(error as Error)
        await sleep(AGAIN_MS, undefined, { ref: false }) // it runs, and takes no session of ours for now
      }
    }
  }
}

/**
 * True when no other process and no other session uses the server. It then holds the lock alone, so that a process
 * which starts right now waits, is cut off by the shutdown, and launches a server of its own.
 */
async function isLast(client: Client): Promise<boolean> {
  await client.query('select pg_advisory_unlock_shared($1)', [IN_USE_LOCK])
  const { rows } = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [
    IN_USE_LOCK,
  ])
  if (!rows[0]?.alone) return false
  // Sessions that our app has just closed take a busy server a while to forget; 500 ms once was too short.
  for (let attempt = 0; attempt < 150; attempt++) {
    const { rowCount } = await client.query(
      "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    if (!rowCount) return true
    await sleep(20)
  }
  return false
}
