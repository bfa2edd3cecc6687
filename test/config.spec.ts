import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Cipher } from '../src/config/cipher.js'
import type { Config } from '../src/config/config.js'
import { configSchema, parseConfig } from '../src/config/config.schema.js'
import { resolveSecrets } from '../src/config/secrets.js'

const example = Object.fromEntries(
  readFileSync('.env.example', 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
)

it('describes every setting in .env.example, with the default it has', () => {
  expect(Object.keys(example).sort()).toEqual(Object.keys(configSchema.shape).sort())
  expect(parseConfig(example)).toEqual(parseConfig({}))
})

it('names every wrong key at boot', () => {
  const wrong = {
    PORT: 'http',
    PROCESS_ROLES: 'cook',
    DATABASE_URL: 'mysql://x',
    WEBHOOK_ALLOW_PRIVATE_CIDRS: 'here',
  }

  for (const key of Object.keys(wrong)) expect(() => parseConfig(wrong)).toThrow(key)
})

it('refuses production without its secrets', () => {
  for (const key of ['JWT_SECRET', 'ENCRYPTION_KEY'])
    expect(() => parseConfig({ NODE_ENV: 'production' })).toThrow(`${key}: is required in production`)
})

it('makes the secrets of development once, readable by their owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-secrets-'))
  try {
    const made = resolveSecrets({}, folder)
    expect(resolveSecrets({}, folder)).toEqual(made)
    expect(resolveSecrets({ JWT_SECRET: 'given' }, folder)).toEqual({ ...made, JWT_SECRET: 'given' })
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('opens a sealed secret only where it was sealed, and unchanged', () => {
  const cipher = new Cipher({ ENCRYPTION_KEY: 'k'.repeat(32) } as Config)
  const sealed = cipher.seal('whsec_x', 'webhook:a')
  expect(cipher.seal('whsec_x', 'webhook:a')).not.toBe(sealed)
  expect(cipher.open(sealed, 'webhook:a')).toBe('whsec_x')
  expect(() => cipher.open(sealed, 'webhook:b')).toThrow()
  const last = sealed.at(-3) === 'A' ? 'B' : 'A'
  expect(() => cipher.open(`${sealed.slice(0, -3)}${last}${sealed.slice(-2)}`, 'webhook:a')).toThrow()
  const other = new Cipher({ ENCRYPTION_KEY: 'x'.repeat(32) } as Config)
  expect(() => other.open(sealed, 'webhook:a')).toThrow(/ENCRYPTION_KEY/)
})
