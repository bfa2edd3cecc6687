import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENT_NAMES } from '../src/events/catalogue.js'
import type { AnyEventBody } from '../src/stream/event-body.js'
import { EVENT_EXAMPLES } from '../src/webhooks/event-examples.js'
import { slackMessage } from '../src/webhooks/slack-message.js'
import { mrkdwn } from '../src/webhooks/slack-text.js'
import type { Body } from './support/api-client.js'
import { blockKitProblems } from './support/block-kit.js'
import { SAYS } from './support/slack-texts.js'

/** Properties that anyone outside may have written, or that people name as they like. */
const WRITTEN = [
  'subject',
  'address',
  'name',
  'category',
  'message',
  'messageId',
  'email',
  'type',
  'severity',
]
const LONGEST = 10_000
const MOST_BYTES = 16 * 1024

const FAMILY = '👨‍👩‍👧‍👦'
const TEXTS: Record<string, string> = {
  'long text': 'x'.repeat(LONGEST),
  'long words': 'The engine does not start. '.repeat(400),
  'all to be escaped': '<&>'.repeat(LONGEST / 2),
  'families of emoji': FAMILY.repeat(1_000),
  'flags, which are pairs of letters': '🇩🇪'.repeat(2_500),
  'one letter with ten thousand accents': `e${'\u0301'.repeat(LONGEST)}`,
  'right to left': 'המנוע אינו נדלק '.repeat(600),
  'what turns the direction': '\u202egnp.exe\u2067'.repeat(500),
  'a mention of everyone': '<!channel> <!here> <!everyone> @here @channel @Everyone (@group)',
  'a mention of one and a link': '<@U024BE7LH> <#C024BE7LR> <https://evil.example|our bank> <mailto:a@b.c|x>',
  'an address at here.com': 'someone@here.com',
  'a date that is none': '<!date^1^{time}|now>',
  'escapes already': '&lt;!channel&gt; &amp;amp;',
  'marks of formatting': '*bold* _it_ ~no~ `code` ```more``` > quote',
  'line breaks and NULs': 'a\r\nb\0c\u2028d\u0085e\tf',
  'half characters': 'a\ud83d b\ude00 \ude00\ud83d',
  empty: '',
  blank: ' \t\r\n ',
  'nothing to see': '\u200b\u200d\u2060\ufeff\u00ad\ufe0f\u3164\u2800\0',
  accents: '\u0301\u0301',
}

describe.each(EVENT_NAMES)('%s', (name) => {
  const example: AnyEventBody = EVENT_EXAMPLES[name]

  it('says in Slack what happened', () => {
    const message = slackMessage(example)
    expect(blockKitProblems(message)).toEqual([])
    expect(linesOf(message)).toEqual(SAYS[name])
  })

  it.each(Object.entries(TEXTS))('keeps the limits and does nothing else with %s', (_, written) => {
    expectSound(withWords(example, () => written))
  })

  it('keeps them whatever anyone writes', () => {
    fc.assert(
      fc.property(fc.infiniteStream(words), (stream) => {
        expectSound(withWords(example, () => stream.next().value as string))
      }),
      { numRuns: 60 },
    )
  })
})

describe('where there is less to tell', () => {
  it.each([
    ['an alert that is about no email', { ...EVENT_EXAMPLES['alert.created'], data: alertAlone() }],
    [
      'mail without a category or a name',
      withEmail({ category: null, from: { address: 'a@b.c', name: null } }),
    ],
    ['the work of nobody', nobodysWork()],
    ['a clock whose policy is gone', clockAlone()],
    ['an event that is about no email', { ...EVENT_EXAMPLES['email.received'], sequence: null }],
  ] as [string, AnyEventBody][])('tells of %s', (_, body) => {
    expectSound(body)
    expect(JSON.stringify(slackMessage(body))).not.toMatch(/null|undefined|NaN/)
  })
})

describe('text from strangers', () => {
  it('is whole as long as it fits, escapes included', () => {
    expect(mrkdwn('a & b', 9, '-')).toBe('a &amp; b')
    expect(mrkdwn('a & b', 8, '-')).toBe('a &amp;…')
    expect(mrkdwn('a & b', 7, '-')).toBe('a …')
    expect(mrkdwn('&&', 10, '-')).toBe('&amp;&amp;')
    expect(mrkdwn('&&', 9, '-')).toBe('&amp;…')
  })

  it('is cut between characters as people see them', () => {
    expect(mrkdwn(FAMILY.repeat(3), FAMILY.length * 2, '-')).toBe(`${FAMILY}…`)
    expect(mrkdwn(FAMILY.repeat(3), FAMILY.length * 2 + 1, '-')).toBe(`${FAMILY}${FAMILY}…`)
    expect(mrkdwn('🇩🇪🇫🇷🇮🇹', 6, '-')).toBe('🇩🇪…')
    expect(mrkdwn(`e\u0301e\u0301`, 3, '-')).toBe('e\u0301…')
    expect(mrkdwn('so interesting', 8, '-')).toBe('so inte…')
    expect(mrkdwn(`e${'\u0301'.repeat(50)}`, 5, '-')).toBe('e\u0301\u0301\u0301…')
  })

  it('stays on its line and in its direction', () => {
    expect(mrkdwn('a\r\n\0b\u202ec\u2067 d', 100, '-')).toBe('a b c d')
    expect(mrkdwn('\u05e9\u05dc\u05d5\u05dd', 100, '-')).toBe('\u05e9\u05dc\u05d5\u05dd')
  })

  it('says so where there is nothing to see', () => {
    for (const nothing of ['empty', 'blank', 'nothing to see', 'accents'])
      expect(mrkdwn(TEXTS[nothing]!, 100, '(empty)'), nothing).toBe('(empty)')
    expect(slackMessage(withEmail({ subject: '' })).text).toBe('Email received: (no subject)')
  })

  it('mentions nobody, and leaves addresses alone', () => {
    expect(mrkdwn('@here, someone@here.com', 100, '-')).toBe('@\u2060here, someone@here.com')
  })

  it('is cut to the end of what fits, and never within it', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 2, max: 40 }), (written, limit) => {
        const shown = mrkdwn(written, limit, '-')
        const whole = mrkdwn(written, Infinity, '-')
        const isWhole = shown === whole
        expect(isWhole || shown.endsWith('…')).toBe(true)
        expect(isWhole).toBe(whole.length <= limit)
        expect(shown.length).toBeLessThanOrEqual(limit)
        expect(isWhole || whole.startsWith(shown.slice(0, -1))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

/** The validator itself: what it must not let through. */
it('is judged by a validator that sees what Slack refuses', () => {
  const good = slackMessage(EVENT_EXAMPLES['sla.warning'])
  const [header, section, fields, context] = good.blocks as Body[]
  const text = (words: string) => ({ type: 'mrkdwn', text: words, verbatim: true })
  const bad: Body[] = [
    { ...good, text: '' },
    { ...good, text: 'x'.repeat(3_001) },
    { ...good, text: '<!channel>' },
    { ...good, blocks: [] },
    { ...good, blocks: Array(51).fill(header) },
    { ...good, blocks: [{ ...header, text: { type: 'plain_text', text: 'x'.repeat(151) } }] },
    { ...good, blocks: [{ ...header, text: text('mrkdwn') }] },
    { ...good, blocks: [{ ...section, text: text('x'.repeat(3_001)) }] },
    { ...good, blocks: [{ ...section, text: text('\u200b') }] },
    { ...good, blocks: [{ ...section, text: { type: 'mrkdwn', text: 'x' } }] },
    { ...good, blocks: [{ type: 'section' }] },
    { ...good, blocks: [{ ...fields, fields: [] }] },
    { ...good, blocks: [{ ...fields, fields: Array(11).fill(text('x')) }] },
    { ...good, blocks: [{ ...fields, fields: [text('x'.repeat(2_001))] }] },
    { ...good, blocks: [{ ...context, elements: Array(11).fill(text('x')) }] },
    { ...good, blocks: [{ type: 'divider' }] },
    { ...good, blocks: [{ ...section, text: text('a & b') }] },
    { ...good, blocks: [{ ...section, text: text('@here') }] },
    { ...good, blocks: [{ ...section, text: text('a\ud800') }] },
    { ...good, channel: '#general' },
  ]
  expect(blockKitProblems(good)).toEqual([])
  for (const message of bad) expect(blockKitProblems(message), JSON.stringify(message)).toHaveLength(1)
})

const linesOf = ({ text, blocks }: Body): string[] =>
  [text, ...blocks.flatMap((block: Body) => [block.text, ...(block.fields ?? block.elements ?? [])])]
    .filter(Boolean)
    .map((one: Body) => one.text ?? one)
    .map((line: string) => line.replace(/^\*(.+)\*\n/, '$1 ').replace(/<!date[^|]+\|([^>]+)>/, '$1'))

function expectSound(body: AnyEventBody): void {
  const message = slackMessage(body)
  expect(blockKitProblems(message)).toEqual([])
  expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(MOST_BYTES)
}

/** The same event, where strangers wrote something else. */
function withWords(body: AnyEventBody, next: () => string): AnyEventBody {
  const rewritten = JSON.stringify(body.data, (key, value: unknown) =>
    WRITTEN.includes(key) && (typeof value === 'string' || value === null) ? next() : value,
  )
  return { ...body, data: JSON.parse(rewritten) } as AnyEventBody
}

function withEmail(changes: Body): AnyEventBody {
  const example = EVENT_EXAMPLES['email.received']
  return { ...example, data: { email: { ...example.data.email, ...changes } } }
}

function alertAlone() {
  const { alert } = EVENT_EXAMPLES['alert.created'].data
  return { alert: { ...alert, type: 'webhook.paused', emailId: null }, email: null }
}

function nobodysWork(): Body {
  const example = EVENT_EXAMPLES['team.performance.updated']
  return { ...example, data: { ...example.data, member: null, memberFigures: null } }
}

function clockAlone(): Body {
  const example = EVENT_EXAMPLES['sla.breached']
  return { ...example, data: { ...example.data, sla: { ...example.data.sla, policy: null } } }
}

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5_000, size: 'max' }),
  fc.string({ unit: 'grapheme', maxLength: 3_000, size: 'max' }),
  fc.string({
    unit: fc.constantFrom(...'<>&@!|^#*_ \n\0', '@here', '<!channel>', FAMILY, '\ud83d', '\u0301'),
  }),
  fc.constantFrom(...Object.values(TEXTS)),
)
