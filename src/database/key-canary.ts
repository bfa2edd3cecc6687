import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Cipher, UnreadableSecret } from '../config/cipher.js'
import { UnitOfWork } from './unit-of-work.js'

const PLACE = 'key canary'
const WORD = 'sings'
/** Secrets that are looked at where there is no canary yet. */
const SAMPLES = 100

/**
 * A sealed word in the database. A process that cannot open it has keys of another database: it would seal what others
 * cannot open, and could sign nothing. So it refuses to start, and is not ready should the word be sealed anew meanwhile.
 */
@Injectable()
export class KeyCanary implements OnModuleInit {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
  ) {}

  /** @throws Error that says which key is missing */
  async onModuleInit(): Promise<void> {
    const missing = (await this.missingKey()) ?? (await this.missingKeyOfSecrets())
    if (missing) throw new Error(sentenceOf(missing, this.cipher))
    // Of processes that start together one writes it, and the others must be able to open that one.
    await this.work.query('insert into key_canary (sealed) values ($1) on conflict do nothing', [
      this.cipher.seal(WORD, PLACE),
    ])
    const others = await this.missingKey()
    if (others) throw new Error(sentenceOf(others, this.cipher))
  }

  /** The id of the key that would open it, where that is none of ours. */
  async missingKey(): Promise<string | undefined> {
    const [row] = await this.work.query<{ sealed: string }>('select sealed from key_canary')
    if (!row) return undefined
    try {
      this.cipher.open(row.sealed, PLACE)
      return undefined
    } catch (error) {
      if (!(error instanceof UnreadableSecret)) throw error
      return row.sealed.split('.')[1]
    }
  }

  /** With the first key: the others are no longer enough. */
  async reseal(): Promise<void> {
    await this.work.query('update key_canary set sealed = $1', [this.cipher.seal(WORD, PLACE)])
  }

  /** The release before left none: then secrets tell, as long as ours opens none of them. */
  private async missingKeyOfSecrets(): Promise<string | undefined> {
    const rows = await this.work.query<{ keyId: string }>(
      `select split_part(secret, '.', 2) as "keyId" from webhooks
       where not exists (select from key_canary) order by id desc limit ${SAMPLES}`,
    )
    const isKnown = ({ keyId }: { keyId: string }) => this.cipher.keyIds.includes(keyId)
    return rows.some(isKnown) ? undefined : rows[0]?.keyId
  }
}

const sentenceOf = (missing: string, { setting, keyIds }: Cipher) =>
  `The secrets of this database are sealed with the key ${missing}, and ${setting} has ${keyIds.join(' and ')}: ` +
  'give the key with which this database was begun, or both as ENCRYPTION_KEYS=new,old'
