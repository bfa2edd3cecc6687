import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { resolveSecrets } from '../src/config/secrets.js'

/** Root's may be passed through, by the user that PostgreSQL runs as. */
const CLOSED = process.getuid?.() === 0 ? 0o711 : 0o700

let parent: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'punctual-data-'))
})

afterEach(() => rmSync(parent, { recursive: true }))

const modeOf = (folder: string) => statSync(folder).mode & 0o777

it('is made closed to others', () => {
  resolveSecrets({}, join(parent, 'a', 'data'))
  expect(modeOf(join(parent, 'a', 'data'))).toBe(CLOSED)
})

it('is closed where an earlier release left it open', () => {
  mkdirSync(join(parent, '.data'))
  chmodSync(join(parent, '.data'), 0o755)
  resolveSecrets({}, join(parent, '.data'))
  expect(modeOf(join(parent, '.data'))).toBe(CLOSED)
})

it('keeps its mode where it is a folder of somebody', () => {
  chmodSync(parent, 0o755)
  resolveSecrets({}, parent)
  expect(modeOf(parent)).toBe(0o755)
})

// In a process of its own: what never returns would hold up the test runner too.
it.runIf(process.platform === 'linux')('is refused, and not waited for, where a folder takes none', () => {
  const script = `import { makeDataFolder } from ${JSON.stringify(import.meta.resolve('../src/config/data-folder.ts'))}
    makeDataFolder('/proc/x/y')`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/ENOENT.*mkdir '\/proc\/x'/)
})
