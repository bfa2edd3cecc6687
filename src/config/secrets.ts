import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeDataFolder } from './data-folder.js'

export interface Secrets {
  JWT_SECRET: string
  ENCRYPTION_KEY: string
}

/**
 * The secrets given, completed by ones made on the first start and kept in `<dataDir>/secrets.json` (mode 0600).
 * Only development gets here with one missing: production refuses to boot without them.
 */
export function resolveSecrets(
  given: Partial<Secrets> & { ENCRYPTION_KEYS?: string[] },
  dataDir: string,
): Secrets {
  const { JWT_SECRET, ENCRYPTION_KEY = given.ENCRYPTION_KEYS?.[0] } = given
  if (JWT_SECRET && ENCRYPTION_KEY) return { JWT_SECRET, ENCRYPTION_KEY }
  const kept = keptSecrets(dataDir)
  return { JWT_SECRET: JWT_SECRET ?? kept.JWT_SECRET, ENCRYPTION_KEY: ENCRYPTION_KEY ?? kept.ENCRYPTION_KEY }
}

/** @throws Error that names DATA_DIR */
function keptSecrets(dataDir: string): Secrets {
  try {
    return readOrMake(dataDir)
  } catch (error) {
    throw new Error(`DATA_DIR: cannot keep secrets in ${resolve(dataDir)}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function readOrMake(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  makeDataFolder(dataDir)
  const made = { JWT_SECRET: randomSecret(), ENCRYPTION_KEY: randomSecret() }
  try {
    // Exclusive: of two processes that start together one writes, and both read the same.
    writeFileSync(file, JSON.stringify(made, null, 2), { flag: 'wx', mode: 0o600 })
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return JSON.parse(readFileSync(file, 'utf8')) as Secrets
  }
}

const randomSecret = () => randomBytes(32).toString('base64url')
