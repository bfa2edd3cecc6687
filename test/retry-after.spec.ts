import { expect, it } from 'vitest'
import { retryAfterMs } from '../src/webhooks/retry-after.js'

const NOW = '2026-03-02T09:00:00.000Z'

const now = new Date(NOW)
it.each([
  ['0', 0],
  ['120', 120_000],
  ['999999999', 6 * 3_600_000],
  ['Mon, 02 Mar 2026 09:00:30 GMT', 30_000],
  ['Tue, 02 Mar 2027 09:00:00 GMT', 6 * 3_600_000],
  ['Mon, 02 Mar 2026 08:59:59 GMT', null],
  ['Monday, 02-Mar-26 09:00:30 GMT', 30_000],
  ['Mon Mar  2 09:00:30 2026', 30_000],
  ['Wed Mar 11 09:00:30 2026', 6 * 3_600_000],
  ['Sunday, 02-Mar-75 09:00:00 GMT', 6 * 3_600_000],
  ['Sunday, 02-Mar-77 09:00:00 GMT', null], // 1977: no more than 50 years ahead
  ['Mon, 02 Mar 2026 09:00:60 GMT', 59_000], // a leap second
  [' 120\t', 120_000],
  ['Mon, 02 Mar 2026 09:00:30 GMT  ', 30_000],
  ['1 2', null],
  ['Mon, 99 Mar 2026 08:59:59 GMT', null],
  ['Mon, 31 Feb 2027 08:59:59 GMT', null],
  ['Mon Mar 2 09:00:30 2026', null],
  ['Mon, 02-Mar-26 09:00:30 GMT', null],
  [`1${' '.repeat(100_000)}`, null],
  ['-5', null],
  ['1.5', null],
  ['1e3', null],
  ['soon', null],
  ['2026-03-02T10:00:00Z', null],
  ['', null],
  [undefined, null],
  [['1', '2'], null],
])('a Retry-After of %j is %j ms', (value, ms) => {
  expect(retryAfterMs(value, now)).toBe(ms)
})
