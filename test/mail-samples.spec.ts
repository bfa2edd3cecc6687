import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { MailParser } from '../src/emails/mail-parser.js'
import { UnreadableMail, type MailKind } from '../src/emails/parsed-mail.js'

// Mail as mail systems and people really sent it. The samples have licences of their own and stay outside.
const SAMPLES = join(import.meta.dirname, '../../shared/mail')
const KINDS = {
  bounce: 'bounce',
  'feedback-report': 'feedback_report',
  'auto-reply': 'auto_reply',
  human: 'human',
  any: null, // must decode, whoever wrote it
} as const

interface Sample {
  file: string
  label: keyof typeof KINDS
}

interface Seen extends Sample {
  kind: MailKind | 'unreadable'
}

const present = existsSync(SAMPLES)
if (!present) console.log('mail samples: there is no ../shared/mail beside the repository, skipped')

describe.skipIf(!present)('mail samples', () => {
  const parser = new MailParser()
  afterAll(() => parser.onApplicationShutdown())

  it('are read, nearly all of them, and people are told from robots', async () => {
    const samples: Sample[] = JSON.parse(readFileSync(join(SAMPLES, 'manifest.json'), 'utf8'))
    const seen = await Promise.all(samples.map(async (sample) => ({ ...sample, kind: await kindOf(sample) })))
    const unreadable = seen.filter(({ kind }) => kind === 'unreadable')
    const labelled = seen.filter(({ label }) => KINDS[label] !== null)
    const mistaken = labelled.filter(({ label, kind }) => KINDS[label] !== kind)
    const agreement = 1 - mistaken.length / labelled.length

    console.log(`mail samples: ${seen.length - unreadable.length} of ${seen.length} read`)
    for (const { file } of unreadable) console.log(`  unreadable: ${file}`)
    console.log(`label agreement: ${(agreement * 100).toFixed(1)} % of ${labelled.length}`)
    for (const { file, label, kind } of mistaken) console.log(`  ${file}: ${label} taken for ${kind}`)
    console.table(confusion(seen))

    expect(unreadable.length / seen.length).toBeLessThan(0.02)
    expect(agreement).toBeGreaterThan(0.985)
    // The costly mistake: a person who gets no answer.
    expect(mistaken.filter(({ label }) => label === 'human')).toEqual([])
  })

  async function kindOf({ file }: Sample): Promise<Seen['kind']> {
    try {
      return (await parser.parse(readFileSync(join(SAMPLES, file)), 'tenant')).kind
    } catch (error) {
      if (error instanceof UnreadableMail) return 'unreadable'
      throw new Error(`${file} broke the parser`, { cause: error })
    }
  }
})

/** Rows are labels, columns what the parser said. */
function confusion(seen: Seen[]): Record<string, Record<Seen['kind'], number>> {
  const table: Record<string, Record<Seen['kind'], number>> = {}
  for (const { label, kind } of seen) {
    table[label] ??= { human: 0, auto_reply: 0, bounce: 0, feedback_report: 0, unreadable: 0 }
    table[label][kind]++
  }
  return table
}
