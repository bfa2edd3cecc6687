import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Config } from './config.js'

/** Sealed under a key that is not here, changed, or moved to another place. */
export class UnreadableSecret extends Error {}

/**
 * Secrets at rest: AES-256-GCM under keys derived from ENCRYPTION_KEYS, of which the first seals and all open. Text form
 * `v1.<key id>.<iv>.<tag>.<data>`, the parts in base64url.
 */
@Injectable()
export class Cipher {
  /** Of the key that seals: 8 hexadecimal digits. */
  readonly keyId: string
  /** The name of the setting that gives the keys. */
  readonly setting: 'ENCRYPTION_KEYS' | 'ENCRYPTION_KEY'
  private readonly keys: Map<string, KeyObject>

  constructor(config: Config) {
    const { ENCRYPTION_KEYS = [], ENCRYPTION_KEY } = config
    this.setting = ENCRYPTION_KEYS.length > 0 ? 'ENCRYPTION_KEYS' : 'ENCRYPTION_KEY'
    this.keys = new Map([...ENCRYPTION_KEYS, ENCRYPTION_KEY].filter(Boolean).map(derived))
    this.keyId = [...this.keys.keys()][0]!
  }

  get keyIds(): string[] {
    return [...this.keys.keys()]
  }

  /** @param boundTo where the secret stands, such as `webhook:<tenant>`: copied to another place it does not open */
  seal(secret: string, boundTo: string): string {
    const iv = randomBytes(12)
    const key = this.keys.get(this.keyId)!
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(boundTo))
    const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    const parts = [iv, cipher.getAuthTag(), data].map((part) => part.toString('base64url'))
    return ['v1', this.keyId, ...parts].join('.')
  }

  /** @throws UnreadableSecret */
  open(sealed: string, boundTo: string): string {
    const [version, keyId, ...parts] = sealed.split('.')
    const key = version === 'v1' ? this.keys.get(keyId ?? '') : undefined
    if (!key) throw new UnreadableSecret(`No key ${keyId} to open a secret: check ENCRYPTION_KEYS`)
    const [iv, tag, data] = parts.map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer, Buffer]
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(boundTo)).setAuthTag(tag)
      return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw new UnreadableSecret('A sealed secret was changed, or stands in another place', { cause })
    }
  }
}

function derived(secret: string): [keyId: string, key: KeyObject] {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'punctual secrets v1', 32))
  return [createHash('sha256').update(bytes).digest('hex').slice(0, 8), createSecretKey(bytes)]
}
