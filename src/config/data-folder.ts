import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

/**
 * Makes DATA_DIR, closed to others: it holds the secrets and all mail. Root's may be passed through, though not looked into,
 * because PostgreSQL does not run as root and its data lie within. One that is there keeps its mode (it may be /tmp), unless it
 * is the `.data` that earlier releases left open.
 */
export function makeDataFolder(folder: string): void {
  const isNew = makeFolders(resolve(folder))
  if (isNew || basename(folder) === '.data') chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
}

/** One by one: Node's recursive way never returns where a folder that is there takes none, such as /proc. */
function makeFolders(folder: string): boolean {
  if (existsSync(folder)) return false
  makeFolders(dirname(folder))
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false // another process was faster
  }
}
