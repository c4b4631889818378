import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  createImageIdempotencyKey,
  type Identity,
  isGenerationId,
  normalizePrompt,
} from '../../src/contract/identity.ts'
import vectors from '../support/identity-vectors.json' with { type: 'json' }

const base: Identity = {
  owner: 'alice',
  prompt: 'a red bicycle',
  provider: 'gemini',
  model: 'gemini-nano-banana-2.1',
}

describe('the generation id', () => {
  test.each(vectors)('is $id for the published vector $#', async ({ identity, id }) => {
    expect(await createImageIdempotencyKey(identity as Identity)).toBe(id)
  })

  test('has a form that BullMQ takes as a job ID', async () => {
    expect(await createImageIdempotencyKey(base)).toMatch(/^g_[0-9a-f]{40}$/)
    expect(isGenerationId('meta')).toBe(false)
  })

  test('is the same however the prompt is spaced or composed', async () => {
    const ids = await Promise.all(
      ['a red bicycle', '  a  red\n\tbicycle ', 'a red\u00a0bicycle', 'ａ red bicycle'].map(
        (prompt) => createImageIdempotencyKey({ ...base, prompt }),
      ),
    )
    expect(new Set(ids).size).toBe(1)
  })

  test('differs with every field that changes the image', async () => {
    const others: Partial<Identity>[] = [
      {},
      { owner: 'bob' },
      { prompt: 'A red bicycle' },
      { transformation: 'enhance' },
      { conditionImageDigest: 'ab' },
      { provider: 'local' },
      { model: 'gemini-3-pro-image' },
      { aspectRatio: '16:9' },
      { imageSize: '2K' },
      { variant: 'dark' },
      { revision: '1' },
    ]
    const ids = await Promise.all(
      others.map((other) => createImageIdempotencyKey({ ...base, ...other })),
    )
    expect(new Set(ids).size).toBe(others.length)
  })

  test('is the same when defaults are written out', async () => {
    const spelled = { ...base, transformation: 'generate', imageSize: '1K' } as const
    expect(await createImageIdempotencyKey(spelled)).toBe(await createImageIdempotencyKey(base))
  })
})

test('normalising a prompt twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (prompt) => {
      const once = normalizePrompt(prompt)
      expect(normalizePrompt(once)).toBe(once)
    }),
  )
})
