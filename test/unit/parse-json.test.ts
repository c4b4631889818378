import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseBody, parseJson } from '../../src/adapters/http/parse-request.ts'
import { generationRequestSchema } from '../../src/contract/generation-request.ts'
import { MAX_JSON_DEPTH, MAX_JSON_PARTS } from '../../src/contract/limits.ts'
import { AppError } from '../../src/lib/errors.ts'

const shape = expect.objectContaining({ code: 'invalid_request', pointer: '' })
const nested = (open: string, close: string, depth: number) =>
  open.repeat(depth) + close.repeat(depth)

describe('a JSON body', () => {
  test('comes out as it went in, whatever is in its strings', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small', stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value)
        // Not `value` itself: JSON has no -0.
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
    const texts = [
      '"',
      '\\',
      '\\"',
      '\\\\',
      '\\\\"',
      '[{"',
      ','.repeat(MAX_JSON_PARTS + 1),
      '{'.repeat(500),
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...texts)), (parts) => {
        const value = { [parts.join('')]: parts.join('') }
        expect(parseJson(JSON.stringify(value))).toEqual(value)
      }),
    )
  })

  test('is refused by its shape before it is read', () => {
    for (const depth of [MAX_JSON_DEPTH + 1, 5_000, 7_000_000]) {
      expect(() => parseJson(nested('[', ']', depth))).toThrow(shape)
      expect(() => parseJson(nested('{"a":', '}', depth))).toThrow(shape)
    }
    const fields = Array.from({ length: 1_000_000 }, (_, i) => `"${i}":${i}`).join(',')
    expect(() => parseJson(`{${fields}}`)).toThrow(shape)
    expect(() => parseJson(`[${'1,'.repeat(MAX_JSON_PARTS + 1)}1]`)).toThrow(shape)
    expect(parseJson(nested('[', ']', MAX_JSON_DEPTH))).toEqual(expect.any(Array))
    expect(parseJson(`[${'1,'.repeat(MAX_JSON_PARTS)}1]`)).toHaveLength(MAX_JSON_PARTS + 1)
  })

  test('that is none is malformed, and is not repeated in the message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          expect(JSON.parse(text)).toEqual(parseJson(text))
        } catch (error) {
          if (error instanceof SyntaxError) {
            expect(() => parseJson(text)).toThrow(
              expect.objectContaining({ message: 'The body is not valid JSON.' }),
            )
          } else expect(error).toBeInstanceOf(AppError)
        }
      }),
    )
  })
})

test('an error holds nothing of a body but the names of its fields', () => {
  const secret = 'do not repeat this'
  const body = { prompt: { [secret]: secret }, lane: secret, variant: 7 }
  const attempt = () => parseBody(generationRequestSchema, body)
  expect(attempt).toThrow(/variant/)
  expect(attempt).not.toThrow(new RegExp(secret))
  expect(() => parseBody(generationRequestSchema, {})).toThrow(/is required/)
})
