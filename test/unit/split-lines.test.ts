import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { splitLines } from '../../src/lib/split-lines.ts'

async function* streamOf(chunks: readonly Uint8Array[]) {
  yield* chunks
}

const collect = async (chunks: readonly Uint8Array[], maxBytes = 1_000) => {
  const lines: (string | undefined)[] = []
  let size = 0
  for await (const line of splitLines(streamOf(chunks), maxBytes)) {
    lines.push(line.bytes?.toString())
    size += line.size
  }
  return { lines, size }
}

describe('lines of a stream', () => {
  test('are the same however it is cut up, and their sizes are all of it', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' '))),
        fc.array(fc.integer({ min: 1, max: 7 })),
        async (texts, steps) => {
          const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''))
          const chunks: Buffer[] = []
          for (let at = 0, n = 0; at < bytes.length; n++) {
            const step = steps[n % Math.max(1, steps.length)] ?? 3
            chunks.push(bytes.subarray(at, at + step))
            at += step
          }
          const { lines, size } = await collect(chunks)
          expect(lines).toEqual(texts.map((text) => text.toWellFormed()))
          expect(size).toBe(bytes.length)
        },
      ),
    ))

  test('have a last one without an end', async () => {
    expect(await collect([Buffer.from('a\nb')])).toEqual({ lines: ['a', 'b'], size: 3 })
  })

  test('that are too long are passed over with their length', async () => {
    const long = Buffer.from(`${'x'.repeat(40)}\nshort\n`)
    expect(await collect([long.subarray(0, 20), long.subarray(20)], 10)).toEqual({
      lines: [undefined, 'short'],
      size: long.length,
    })
  })
})
