import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { HmacSha256 } from '../src/webhooks/hmac-sha256.js'
import { randomly } from './support/random.js'

/** RFC 4231, section 4: those with a key of at most a block. */
it.each([
  ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '4a656665',
    '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
])('signs as RFC 4231 says (%#)', (key, message, digest) => {
  expect(new HmacSha256(Buffer.from(key, 'hex')).digest('', Buffer.from(message, 'hex'), 'hex')).toBe(digest)
})

it('signs as Node does, whatever the lengths, one message after another', () => {
  const random = randomly(1)
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => random.integer(0, 255)))
  for (const length of [0, 1, 63, 64, 65, 5_000, 100, 70_000, 3_900]) {
    const key = bytes(random.integer(0, 64))
    const [prefix, message] = ['m'.repeat(random.integer(0, 200)), bytes(length)]
    const expected = createHmac('sha256', key).update(prefix).update(message).digest()
    const hmac = new HmacSha256(key)
    expect(hmac.digest(prefix, message, 'hex')).toBe(expected.toString('hex'))
    expect(hmac.digest(prefix, message, 'base64')).toBe(expected.toString('base64'))
  }
})

it('takes no key that RFC 2104 would have it hash first', () => {
  expect(() => new HmacSha256(Buffer.alloc(65))).toThrow(RangeError)
})
