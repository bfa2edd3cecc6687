import { describe, expect, it } from 'vitest'
import { tierCandidates, tierMatch } from '../src/emails/tier-matches.js'

describe('what a tier may be kept for', () => {
  it.each([
    ['ceo@example.com', 'ceo@example.com'],
    [' CEO@Example.COM ', 'ceo@example.com'],
    ['example.com', 'example.com'],
    ['@Example.com', 'example.com'],
    ['support.eu.example.co.uk', 'support.eu.example.co.uk'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['Ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['söhne@example.com', 'söhne@example.com'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['first.last+tag@example.com', 'first.last+tag@example.com'],
  ])('%j is kept as %j', (text, kept) => {
    expect(tierMatch(text)).toBe(kept)
    expect(tierMatch(kept)).toBe(kept)
  })

  it.each(
    [
      [
        '',
        ' ',
        '@',
        '.',
        'com',
        '@com',
        'ceo@',
        'ceo@com',
        'a b@example.com',
        'exa mple.com',
        'a@b@example.com',
      ],
      ['@@example.com', 'example.com.', '.example.com', 'ex..ample.com', '-example.com', 'exam_ple.com'],
      ['192.0.2.1', 'ceo@[192.0.2.1]', '0x7f.1', 'https://example.com', 'example.com/path', 'example.com:25'],
      ['*.example.com', 'example.com?q', 'example.com#a', 'a%2eexample.com', `${'a'.repeat(64)}.com`],
      [`${'a'.repeat(65)}@example.com`, 'Ada <ada@example.com>', 'ceo@example.com,cto@example.com'],
      ['ceo@example.com\r\nBcc: eve@example.com'],
    ].flat(),
  )('%j is neither an address nor a domain', (text) => {
    expect(tierMatch(text)).toBeNull()
  })
})

describe('what a sender may have a tier by', () => {
  it.each([
    ['ceo@example.com', ['ceo@example.com', 'example.com']],
    [
      'CEO@mail.eu.Example.com',
      ['ceo@mail.eu.example.com', 'mail.eu.example.com', 'eu.example.com', 'example.com'],
    ],
    ['ada@bücher.example', ['ada@xn--bcher-kva.example', 'xn--bcher-kva.example']],
    ['a b@example.com', ['a b@example.com', 'example.com']],
    ['"a@b"@example.com', ['"a@b"@example.com', 'example.com']],
  ])('%s: the nearest first', (address, candidates) => {
    expect(tierCandidates(address)).toEqual(candidates)
  })

  it.each(['', 'root', 'root@localhost', 'ceo@[192.0.2.1]', 'ceo@192.0.2.1', '@'])(
    '%j: nothing',
    (address) => {
      expect(tierCandidates(address)).toEqual([])
    },
  )
})
