import { chmodSync, mkdirSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * Makes DATA_DIR, closed to others: it holds the secrets and all mail. Root's may be passed through, though not looked into,
 * because PostgreSQL does not run as root and its data lie within. One that is there keeps its mode (it may be /tmp), unless it
 * is the `.data` that earlier releases left open.
 */
export function makeDataFolder(folder: string): void {
  const isNew = mkdirSync(folder, { recursive: true }) !== undefined
  if (isNew || basename(folder) === '.data') chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
}
