/** What strangers send, by what is wrong with it. */

const words = (text: string) => text.split(' ')

const nested = (open: string, close: string) => open.repeat(5_000) + '1' + close.repeat(5_000)

/** Pieces of JSON text to stand where a field's value should. */
export const JSON_VALUES: Record<string, string | Buffer> = {
  null: 'null',
  true: 'true',
  zero: '0',
  'minus zero': '-0',
  'minus one': '-1',
  fraction: '1.5',
  'a number beyond a double': '1e400',
  'minus a number beyond a double': '-1e400',
  'the largest double': '1.7e308',
  'a huge whole number': '99999999999999999999',
  'empty text': '""',
  blank: '" \\t\\n "',
  'a number as text': '"1"',
  'NUL escaped': '"a\\u0000b"',
  'NUL raw': '"a\0b"',
  'a high surrogate escaped': '"a\\ud800b"',
  'a low surrogate escaped': '"\\udc00"',
  'a surrogate pair reversed': '"\\udc00\\ud800"',
  'a surrogate as bytes': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  'bytes that are no UTF-8': Buffer.from([0x22, 0xff, 0xc3, 0x28, 0x22]),
  'text with line breaks': '"a\\r\\nBcc: everyone@example.com"',
  'text in SQL': '"\'; drop table emails; --"',
  '__proto__ as text': '"__proto__"',
  'an impossible date': '"2026-13-45T99:99:99Z"',
  'a day that does not exist': '"2026-02-31T00:00:00Z"',
  'a date beyond the calendar': '"+275760-09-13T00:00:00.001Z"',
  'a date before Christ': '"-271821-04-20T00:00:00.000Z"',
  'empty list': '[]',
  'empty object': '{}',
  'list of null': '[null]',
  'list of lists': '[[[]]]',
  'long list': `[${Array(20_000).fill('1').join()}]`,
  'the key __proto__': '{"__proto__":{"isAdmin":true}}',
  'the key constructor': '{"constructor":{"prototype":{"isAdmin":true}}}',
  'object with methods': '{"toString":1,"valueOf":1,"then":1,"length":1e9}',
  'lists 5,000 deep': nested('[', ']'),
  'objects 5,000 deep': nested('{"a":', '}'),
  'text of 2 MB': `"${'x'.repeat(2_000_000)}"`,
}

/** Whole bodies. */
export const BODIES: Record<string, string | Buffer> = {
  'no body': '',
  null: 'null',
  list: '[]',
  'list of null': '[null]',
  number: '1',
  text: '"text"',
  'empty object': '{}',
  'unknown key': '{"unknown":1}',
  'the key __proto__': '{"__proto__":{"isAdmin":true}}',
  '__proto__ escaped': '{"\\u005f_proto__":{"isAdmin":true}}',
  'the key constructor': '{"constructor":{"prototype":{"isAdmin":true}}}',
  'the key prototype': '{"prototype":{"isAdmin":true}}',
  'key with NUL': '{"a\\u0000b":1}',
  'key with half a surrogate pair': '{"\\ud800":1}',
  truncated: '{"subject":"a',
  'two values': '{}{}',
  'trailing comma': '{"a":1,}',
  'single quotes': "{'a':1}",
  comment: '{/* */}',
  NaN: '{"a":NaN}',
  'UTF-16': Buffer.from('{"a":1}', 'utf16le'),
  'bytes that are no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  zeros: Buffer.alloc(1_000),
  'lists 5,000 deep': nested('[', ']'),
  'objects 5,000 deep': nested('{"a":', '}'),
  'brackets never closed': '['.repeat(100_000),
  'more than 4 MB': `{"text":"${'x'.repeat(4 * 1024 * 1024)}"}`,
  'ten thousand unknown keys': JSON.stringify(
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])),
  ),
}

export const CONTENT_TYPES = [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  'application/problem+json',
  'json',
  '/',
  ';',
  'a'.repeat(5_000),
]

/** Keys that no body has. */
export const KEYS = [
  ...words(
    'unknown a.b 0 __proto__ constructor prototype toString valueOf hasOwnProperty __defineGetter__ then',
  ),
  ...words('isPrototypeOf id userId tenantId user_id createdAt secret'),
  '',
  ' ',
]

/** What stands where an id should, as it goes over the wire. */
export const IDS = [
  ...words(
    '0 -1 -0 +1 01 1.5 1e3 0x10 1_000 9007199254740993 99999999999999999999 NaN null undefined Infinity',
  ),
  ...words(
    "true x __proto__ constructor 1;drop 1' * ~ %00 1%00 %20 %2F %2e%2e%2f % %Z %ZZ %C3%28 %ED%A0%80 %FF",
  ),
  ...words('%F0%9F%98%80 %D9%A1 %EF%BC%91'),
  '1'.repeat(201),
  'a'.repeat(5_000),
]

/** Values of a query parameter, as they go over the wire. `$` is the parameter's name. */
export const QUERIES = [
  ...words(
    '$ $= $=%20 $=%00 $=% $=%ZZ $=%C3%28 $=%ED%A0%80 $=%FF $=0 $=-1 $=1e3 $=1.5 $=NaN $=Infinity $=1e400',
  ),
  ...words(
    '$=99999999999999999999 $=null $=undefined $=[] $={} $=1&$=2 $[]=1 $[]= $[0]=1 $[a]=1 $[__proto__]=1',
  ),
  ...words("$.a=1 $=__proto__ $=constructor $=' $=%5C $=%F0%9F%98%80 $=%0D%0A"),
  `$=${'x'.repeat(5_000)}`,
  `$=1${'&$=1'.repeat(500)}`,
  ...words(
    '__proto__=1 __proto__[a]=1 constructor=1 constructor[prototype][a]=1 toString=1 hasOwnProperty=1',
  ),
  ...words('unknown=1 = &&& %=1 %00=1 %FF=1'),
]

const key = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Cursors that no page gave. */
export const CURSORS = [
  ...words('x %00 ==== W10 bnVsbA e30'),
  ...[null, {}, [], [null], ['1'], [1.5], [1e300], [-1], [0], [1, 2, 3], [[1]], [{}], ['x', 1]].map(key),
  ...words('2026-13-45 0001-01-01 2026 0000-01-01T00:00:00.000Z 2026-02-31T00:00:00.000Z').map((at) =>
    key([at, 1]),
  ),
  ...words('+275760-09-13T00:00:00.000Z -000001-01-01T00:00:00.000Z').map((at) => key([at, 1])),
  ...['1', 1e300, 1.5, null, [1]].map((id) => key(['2026-03-02T09:00:00.000Z', id])),
]

/** Header values; Node itself refuses those with control characters. */
export const IDEMPOTENCY_KEYS = [
  '',
  ' ',
  'a'.repeat(256),
  'é',
  '\u00ff\u0080',
  "'; drop table emails; --",
  '%00',
  '\t',
]
