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

/**
 * Secrets at rest: AES-256-GCM under a key derived from ENCRYPTION_KEY. Text form `v1.<key id>.<iv>.<tag>.<data>`,
 * the parts in base64url.
 */
@Injectable()
export class Cipher {
  private readonly key: KeyObject
  private readonly keyId: string

  constructor(config: Config) {
    const bytes = Buffer.from(hkdfSync('sha256', config.ENCRYPTION_KEY, '', 'punctual secrets v1', 32))
    this.key = createSecretKey(bytes)
    this.keyId = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  }

  /** @param boundTo where the secret stands, such as `webhook:<tenant>`: copied to another place it does not open */
  seal(secret: string, boundTo: string): string {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(boundTo))
    const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    const parts = [iv, cipher.getAuthTag(), data].map((part) => part.toString('base64url'))
    return ['v1', this.keyId, ...parts].join('.')
  }

  /** @throws Error when the text was changed, stands in another place or was sealed under another key */
  open(sealed: string, boundTo: string): string {
    const [version, keyId, ...parts] = sealed.split('.')
    if (version !== 'v1' || keyId !== this.keyId)
      throw new Error(`No key ${keyId} to open a secret: check ENCRYPTION_KEY`)
    const [iv, tag, data] = parts.map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer, Buffer]
    const decipher = createDecipheriv('aes-256-gcm', this.key, iv)
      .setAAD(Buffer.from(boundTo))
      .setAuthTag(tag)
    return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8')
  }
}
