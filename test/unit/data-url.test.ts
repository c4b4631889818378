import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseImageData } from '../../src/adapters/images/data-url.ts'
import { AppError } from '../../src/lib/errors.ts'

const refusalOf = (text: string, options?: Parameters<typeof parseImageData>[1]): AppError => {
  try {
    parseImageData(text, options)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('was taken')
}

const pick = <T>(...values: T[]) => fc.constantFrom(...values)

/** The same bytes as this tool or that one writes them. */
const written = fc
  .record({
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    alphabet: pick<BufferEncoding>('base64', 'base64url'),
    isPadded: fc.boolean(),
    lineLength: pick(0, 4, 60, 76),
    lineBreak: pick('\n', '\r\n', ' ', '\t', '\n\n  '),
    around: pick('', ' ', '\n'),
    head: pick(
      '',
      'data:image/png;base64,',
      'DATA:IMAGE/PNG;BASE64,',
      'data:image/svg+xml; charset=utf-8; base64,',
      'data:image/png;name=a%20b.png;base64,',
      'data:image/png;name="a;b.png";size=12;base64,',
      'data:application/octet-stream;base64,',
      'data:;base64,',
      'data:image/png;base64 ,',
    ),
    isEscaped: fc.boolean(),
  })
  .map(({ bytes, alphabet, isPadded, lineLength, lineBreak, around, head, isEscaped }) => {
    const bare = Buffer.from(bytes).toString(alphabet).replace(/=+$/, '')
    const padded = isPadded ? bare.padEnd(Math.ceil(bare.length / 4) * 4, '=') : bare
    const lines = lineLength
      ? padded.replace(new RegExp(`.{${lineLength}}`, 'g'), `$&${lineBreak}`)
      : padded
    const data = isEscaped && head ? lines.replace(/[^A-Za-z0-9]/g, encodeURIComponent) : lines
    return { bytes, text: `${around}${head}${data}${around}` }
  })

describe('parseImageData', () => {
  test('any bytes come back, whatever tool has written them', () => {
    fc.assert(
      fc.property(written, ({ bytes, text }) => {
        expect(Buffer.from(parseImageData(text))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 1_000 },
    )
  })

  test('what one character less leaves is refused, or other bytes', () => {
    fc.assert(
      fc.property(written, fc.nat(), ({ bytes, text }, at) => {
        const cut = text.slice(0, at % text.length) + text.slice((at % text.length) + 1)
        try {
          const read = Buffer.from(parseImageData(cut))
          const lost = text[at % text.length] ?? ''
          if (/[A-Za-z0-9+/_-]/.test(lost) && at % text.length > text.indexOf(','))
            expect(read).not.toEqual(Buffer.from(bytes))
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_image' })
        }
      }),
    )
  })

  test.each([
    ['nothing', '', 'empty'],
    ['blanks', ' \n ', 'empty'],
    ['a data URL of nothing', 'data:image/png;base64,', 'empty'],
    ['padding alone', '==', 'empty'],
    ['a data URL that is no image', 'data:text/html;base64,AAAA', 'of an image'],
    ['a data URL without base64', 'data:image/svg+xml,<svg/>', 'in base64'],
    ['a data URL without data', 'data:image/png;base64', 'in base64'],
    ['a parameter that only ends like it', 'data:image/png;notbase64,AAAA', 'in base64'],
    ['base64 that is not the last parameter', 'data:image/png;base64;a=b,AAAA', 'in base64'],
    ['a data URL in a data URL', 'data:image/png;base64,data:image/png;base64,AAAA', 'at 4'],
    ['too much padding', 'AAAA====', 'at 4'],
    ['padding where none is due', 'AAAA=', 'too many or too few'],
    ['half of the padding', 'AA=', 'too many or too few'],
    ['padding in the middle', 'AA==AAAA', 'at 2'],
    ['a character too few', 'AAAAA', 'middle of a byte'],
    ['bits behind the end', 'AAB=', 'middle of a byte'],
    ['both alphabets', 'AA-/', 'both alphabets'],
    ['another alphabet', 'AAÖÜ', 'at 2'],
    ['a NUL', 'AAA\0', 'at 3'],
    ['a percent sign outside of a data URL', 'AAA%3D', 'at 3'],
    ['a blank that is none of base64', 'AA\u00a0AA', 'at 2'],
    ['a URL', 'https://example.com/a.png', 'not fetched'],
  ])('%s is refused, and told what is wrong', (_name, text, words) => {
    const refusal = refusalOf(text)
    expect(refusal).toMatchObject({ code: 'invalid_image', pointer: '/conditionImage' })
    expect(refusal.message).toContain(words)
  })

  test('the pointer is the caller’s', () => {
    expect(refusalOf('', { pointer: '/image' }).pointer).toBe('/image')
  })

  test.each([1, 2, 3, 4, 5, 6])('a bound of %i bytes takes that many and no more', (maxBytes) => {
    for (const alphabet of ['base64', 'base64url'] as const) {
      const encode = (length: number) => Buffer.alloc(length, 0xff).toString(alphabet)
      expect(parseImageData(encode(maxBytes), { maxBytes })).toHaveLength(maxBytes)
      expect(refusalOf(encode(maxBytes + 1), { maxBytes }).message).toContain(`${maxBytes} bytes`)
    }
  })

  test('any text is taken or refused, never anything else', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        pick('', 'data:', 'data:;base64,'),
        (rest, head) => {
          try {
            parseImageData(head + rest)
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_image' })
          }
        },
      ),
    )
  })
})
