import { createHash, createHmac, createSecretKey, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Config } from '../config/config.js'

const ID_BYTES = 16
const NONCE_BYTES = 24
const MAC_BYTES = 24

/**
 * The refresh tokens of a session are a family: the first is random, and each gives the next one under our key, so that
 * every process can make a successor again whose answer was lost. A token names its session and proves by a MAC that
 * it was made here, so that any older one of the family is recognised although only two hashes are kept; nobody can
 * make one up to end another's session. In base64url: session id (16 bytes), nonce (24), MAC (24).
 */
@Injectable()
export class RefreshTokens {
  private readonly key: KeyObject

  constructor(config: Config) {
    const bytes = hkdfSync('sha256', config.JWT_SECRET, '', 'punctual refresh tokens v1', 32)
    this.key = createSecretKey(Buffer.from(bytes))
  }

  first(sessionId: string): string {
    return this.made(sessionId, randomBytes(NONCE_BYTES))
  }

  /** Always the same for the same token. */
  successor(token: string, sessionId: string): string {
    return this.made(sessionId, this.hmac(`next ${token}`).subarray(0, NONCE_BYTES))
  }

  /** The session of whose family this token is; none for a token of another form, such as 0.2.0 made. */
  sessionOf(token: string): string | undefined {
    const bytes = Buffer.from(token, 'base64url')
    // Another spelling of the same bytes is another token.
    if (bytes.length !== ID_BYTES + NONCE_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) return
    const signed = bytes.subarray(0, ID_BYTES + NONCE_BYTES)
    return timingSafeEqual(bytes.subarray(signed.length), this.mac(signed))
      ? uuidOf(bytes.subarray(0, ID_BYTES))
      : undefined
  }

  private made(sessionId: string, nonce: Buffer): string {
    const signed = Buffer.concat([Buffer.from(sessionId.replaceAll('-', ''), 'hex'), nonce])
    return Buffer.concat([signed, this.mac(signed)]).toString('base64url')
  }

  private mac(signed: Buffer): Buffer {
    return this.hmac(`made ${signed.toString('hex')}`).subarray(0, MAC_BYTES)
  }

  private hmac(text: string): Buffer {
    return createHmac('sha256', this.key).update(text).digest()
  }
}

/** All that is kept of a token. */
export const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

const uuidOf = (bytes: Buffer) =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
