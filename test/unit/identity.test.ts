import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { promptSchema } from '../../src/contract/generation-request.ts'
import {
  createImageIdempotencyKey,
  createOlderId,
  hasOlderId,
  type Identity,
  isGenerationId,
  normalizePrompt,
} from '../../src/contract/identity.ts'
import vectors from '../support/identity-vectors.json' with { type: 'json' }
import older from '../support/ids-of-0.1.json' with { type: 'json' }

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

  const countIds = async (prompts: string[]) => {
    const ids = prompts.map((prompt) => createImageIdempotencyKey({ ...base, prompt }))
    return new Set(await Promise.all(ids)).size
  }

  // biome-ignore format: a list
  test.each([
    ['spaces', ['a red bicycle', '  a  red\n\tbicycle ', 'a red\u00a0bicycle', 'a\u3000red\u2028bicycle']],
    ['composes', ['caf\u00e9', 'cafe\u0301', 'cafe\u200b\u0301']],
    ['hides', ['ab', 'a\u200bb', 'a\u2060b', 'a\u00adb', 'a\u200eb\u200f', '\ufeffab', 'a\u{e0061}b', 'a\ufe0fb', 'a\u3164b']],
    ['cuts off', ['half \ud83d', 'half \ufffd']],
  ])('is the same however a prompt %s', async (_name, prompts) => {
    expect(await countIds(prompts)).toBe(1)
  })

  // biome-ignore format: a list
  test.each([
    ['marks', ['10² tiles', '102 tiles']],
    ['formulas', ['E=mc²', 'E=mc2']],
    ['fractions', ['½ cup', '1/2 cup', '1\u20442 cup']],
    ['letters', ['𝕄𝔸𝕏', 'MAX', 'max', 'ＭＡＸ']],
    ['numbers', ['①', '1', '１']],
    ['signs', ['Acme™', 'AcmeTM']],
    ['families', ['👩\u200d👩\u200d👧', '👩👩👧']],
    ['joined letters', ['می\u200cخواهم', 'میخواهم']],
    ['flags', ['🏴', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}']],
  ])('is another one for other words, by their %s', async (_name, prompts) => {
    expect(await countIds(prompts)).toBe(prompts.length)
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
      { conditionImageDigests: ['ab', 'cd'] },
      { conditionImageDigests: ['cd', 'ab'] },
      { conditionImageDigests: ['ab', 'ab'] },
      { negativePrompt: 'boats' },
      { seed: 0 },
      { seed: 1 },
      { thinkingLevel: 'low' },
      { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }] },
      { turns: [{ role: 'user', text: 'a lake' }] },
      { turns: [{ role: 'model', text: 'a lake' }] },
      { turns: [{ role: 'user', imageDigests: ['ab'] }] },
      {
        turns: [
          { role: 'user', text: 'a lake' },
          { role: 'user', text: 'a lake' },
        ],
      },
      { number: 2 },
      { number: 3 },
      { providerRequest: 'ab' },
    ]
    const ids = await Promise.all(
      others.map((other) => createImageIdempotencyKey({ ...base, ...other })),
    )
    expect(new Set(ids).size).toBe(others.length)
  })

  // biome-ignore format: a list
  test.each<[string, Partial<Identity>, Partial<Identity>]>([
    ['one image is in a list', { conditionImageDigest: 'ab' }, { conditionImageDigests: ['ab'] }],
    ['lists are empty', {}, { conditionImageDigests: [], safetySettings: [], turns: [] }],
    ['it is the first of several', {}, { number: 1 }],
    ['words are spaced otherwise', { negativePrompt: 'a boat' }, { negativePrompt: ' a  boat' }],
    ['turns are spaced otherwise', { turns: [{ role: 'user', text: 'a b' }] }, { turns: [{ text: 'a  b', role: 'user', imageDigests: [] }] }],
    ['filters come in another order',
      { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }, { category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'OFF' }] },
      { safetySettings: [{ category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'OFF' }, { category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }] }],
  ])('is the same where %s', async (_name, one, other) => {
    const ids = [one, other].map((each) => createImageIdempotencyKey({ ...base, ...each }))
    expect(new Set(await Promise.all(ids)).size).toBe(1)
  })

  test('is the same when defaults are written out', async () => {
    const spelled = { ...base, transformation: 'generate', imageSize: '1K' } as const
    expect(await createImageIdempotencyKey(spelled)).toBe(await createImageIdempotencyKey(base))
  })
})

/** All that Unicode has, and more often what is folded, hidden or joined. */
const hostileText = () =>
  fc.string({
    unit: fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      // biome-ignore format: a list
      fc.constantFrom('a', ' ', '\n', '\u0301', '\u200b', '\u200c', '\u200d', '\u00ad', '\ufe0f', '\u{1f3f4}', '\u{e0067}',
        '\u{e007f}', '²', '…', '，', 'ﬁ', 'ﾊ', '\uff9e', '\u1100', '\u1161', '\u3164', '\ufeff', '\ud83d', '\u00a8', '\u2126'),
    ),
  })

test('normalising a prompt twice changes nothing more', () => {
  fc.assert(
    fc.property(hostileText(), (prompt) => {
      const once = normalizePrompt(prompt)
      expect(normalizePrompt(once)).toBe(once)
      expect(once.isWellFormed()).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

describe('an id that 0.1 gave', () => {
  const find = async (prompt: string) => {
    const identity = { ...base, prompt }
    if (hasOlderId(prompt)) return { how: 'is found besides', id: await createOlderId(identity) }
    return { how: 'is the same', id: await createImageIdempotencyKey(identity) }
  }
  /** What it took for other words. */
  const OTHER_WORDS = ['10²', 'E=mc²', '½', '①', '™', '𝕄𝔸𝕏', 'µ', '℃', '№', 'in\ufeffside']

  test.each(older)('is found again for the same words: $prompt', async ({ prompt, id }) => {
    const isOther = OTHER_WORDS.some((words) => prompt.includes(words))
    expect((await find(prompt)).id === id).toBe(!isOther)
  })

  test.each(older)('is known of $prompt', async ({ prompt, id }) => {
    expect(await createOlderId({ ...base, prompt })).toBe(id)
  })

  test('answers for no other words than those that were sent then', () => {
    fc.assert(
      fc.property(hostileText(), (prompt) => {
        if (!hasOlderId(prompt)) return
        const sent = prompt.toWellFormed().normalize('NFKC').trim().replace(/\s+/gu, ' ')
        const plain = (text: string) =>
          normalizePrompt(text).replace(/[\ufb00-\uffef\u2011\u2024-\u2026]/gu, (form) =>
            form.normalize('NFKC'),
          )
        expect(normalizePrompt(plain(prompt))).toBe(normalizePrompt(plain(sent)))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a prompt', () => {
  const parse = (prompt: string) => promptSchema.safeParse(prompt)

  test('comes out as it was written', () => {
    const written = ' 1. a cat\n 2. 10² tiles™\n\u200b👩\u200d👧 '
    expect(parse(written).data).toBe(written)
    expect(parse('half \ud83d').data).toBe('half \ufffd')
  })

  // biome-ignore format: a list
  test.each(['', ' \n\t', '\u200b', '\u200d', '\u00ad\u2060', '\ufeff', '\u3164', '\u2800', '\u0001\u0002', '\u{e0061}', '\ufe0f', '\u2028'])(
    'of which nothing is to be seen is none: %j',
    (prompt) => {
      expect(parse(prompt).error?.issues).toMatchObject([{ message: 'must not be empty' }])
    },
  )

  test.each(['.', '0', '\u0301', '🚲', '\ue000', '\ufffd', '\u0600', '\u20dd'])(
    'of which something is to be seen is one: %j',
    (prompt) => expect(parse(prompt).success).toBe(true),
  )

  test('has 32,000 characters at most, white space and what is not seen aside', () => {
    expect(parse('x'.repeat(32_000)).success).toBe(true)
    expect(parse(`${'x \n'.repeat(16_000)}`).success).toBe(true)
    expect(parse('x'.repeat(32_001)).success).toBe(false)
    expect(parse(`x${' '.repeat(128_000)}`).success).toBe(false)
  })
})
