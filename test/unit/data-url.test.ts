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

describe('parseImageData', () => {
  test('any bytes come back from base64 and from a data URL', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        const base64 = Buffer.from(bytes).toString('base64')
        expect(Buffer.from(parseImageData(base64))).toEqual(Buffer.from(bytes))
        const url = `data:image/png;base64,${base64}`
        expect(Buffer.from(parseImageData(url))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['a data URL of nothing', 'data:image/png;base64,'],
    ['a data URL that is no image', 'data:text/html;base64,AAAA'],
    ['a data URL without base64', 'data:image/svg+xml,<svg/>'],
    ['a data URL with parameters', 'data:image/png;charset=utf-8;base64,AAAA'],
    ['a data URL in a data URL', 'data:image/png;base64,data:image/png;base64,AAAA'],
    ['base64 without padding', 'AAA'],
    ['base64 with too much padding', 'AAAA===='],
    ['padding in the middle', 'AA==AAAA'],
    ['bits behind the end', 'AAB='],
    ['a line break', 'AAAA\nAAAA'],
    ['a trailing space', 'AAAA '],
    ['the URL alphabet', 'AA-_'],
    ['another alphabet', 'ÄÖÜß'],
    ['a URL', 'https://example.com/a.png'],
    ['a NUL', 'AAA\0'],
  ])('%s is refused, with where it stands', (_name, text) => {
    expect(refusalOf(text)).toMatchObject({ code: 'invalid_image', pointer: '/conditionImage' })
  })

  test('the pointer is the caller’s', () => {
    expect(refusalOf('', { pointer: '/image' }).pointer).toBe('/image')
  })

  test.each([1, 2, 3, 4, 5, 6])('a bound of %i bytes takes that many and no more', (maxBytes) => {
    const base64 = (length: number) => Buffer.alloc(length).toString('base64')
    expect(parseImageData(base64(maxBytes), { maxBytes })).toHaveLength(maxBytes)
    expect(refusalOf(base64(maxBytes + 1), { maxBytes }).message).toContain(`${maxBytes} bytes`)
  })

  test('any text is taken or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          expect(Buffer.from(parseImageData(text)).toString('base64')).toBe(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_image' })
        }
      }),
    )
  })
})
