import type { Choose } from './choose.ts'

export const WORDS = ['a red bicycle', 'post-1', '16:9', 'generated', 'eager', 'alice'] as const

const TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfff\ud800b',
  '\ufeff',
  '\u202e\u2066',
  '\u{1f600}'.repeat(300),
  'e\u0301'.repeat(2_000),
  'x'.repeat(5_000),
  'x'.repeat(60_000),
  "' or 1=1 --",
  '"; drop table generations; --',
  '$(id)`id`|id',
  '../../../../etc/passwd',
  '..\\..\\windows',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data/',
  'javascript:alert(1)',
  '<script>alert(1)</script>',
  '{{7*7}}#{7*7}<%= 7*7 %>',
  '%00%ff%n%s',
  '\r\nX-Injected: yes',
  '=cmd|calc!A1',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e400',
  '0x10',
  '9007199254740993',
  '99999999999999999999999999',
  '0000-00-00',
  '0000-01-01',
  '0001-01-03',
  '9999-12-31',
  '-000001-12-31',
  '+275760-09-13T00:00:00.000Z',
  '2026-02-30',
  '2026-11-22T25:61:61Z',
  '9999-12-31T23:59:59.999Z',
  '0000-01-01T00:00:00Z',
  'g_0000000000000000000000000000000000000000',
  'i_0000000000000000000000000000000000000000',
  'data:image/png;base64,',
  'data:image/png;base64,AAAA',
  'data:text/html,<b>',
  'iVBORw0KGgo=',
  '====',
  '*',
  'operator:olga',
  '(((((((((((((((((((((((((((((a*)*)*)*)*)*)*)*b',
  'MTAwMCBhYmM',
  'OTk5OTk5OTk5OTk5OTk5IGE',
]

const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1.5,
  1e-323,
  1e308,
  -1e308,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  0.1 + 0.2,
]

export const hostileText = (choose: Choose): string => choose.from(TEXTS)

/** A value of any type, but the one that is wanted. */
export const hostileValue = (choose: Choose): unknown => {
  switch (choose.below(8)) {
    case 0:
      return choose.from(NUMBERS)
    case 1:
      return choose.from([null, true, false])
    case 2:
      return choose.from<unknown>([[], {}, [[]], [null], { '': '' }, [{}, {}]])
    case 3:
      return nest(choose.from([5, 99, 101, 2_000]), choose.happens(0.5))
    case 4:
      return Array.from({ length: choose.from([50, 1_000, 12_000]) }, () => choose.below(9))
    case 5:
      return Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`field ${n}`, n]))
    default:
      return hostileText(choose)
  }
}

const nest = (levels: number, isList: boolean): unknown => {
  let value: unknown = 'x'
  for (let level = 0; level < levels; level++) value = isList ? [value] : { a: value }
  return value
}
