import { describe, expect, test } from '@jest/globals'
import { generationSchema } from '../../src/contract/generation.ts'
import {
  type AnswerContext,
  describeReuse,
  presentGeneration,
} from '../../src/generation/read/present.ts'
import type { GenerationWithImage } from '../../src/generation/state/repository.ts'
import { aGeneration } from '../support/generation-rows.ts'

const BASE = 'https://images.example'
const DEADLINE_MS = 60_000
const LIST_PRICE_USD = 0.04

const context: AnswerContext = {
  urls: {
    base: BASE,
    generation: (id) => `${BASE}/api/generations/${id}`,
    image: (id) => `${BASE}/images/${id}.signed`,
    events: (id) => `${BASE}/api/generations/${id}/events?signature=signed`,
  },
  listPriceUsd: () => LIST_PRICE_USD,
  interactiveDeadlineMs: DEADLINE_MS,
}

const present = (given: Partial<GenerationWithImage> = {}, asked: Partial<AnswerContext> = {}) =>
  presentGeneration(aGeneration(given), { ...context, ...asked })

const made: Partial<GenerationWithImage> = {
  status: 'succeeded',
  imageId: aGeneration().id,
  imageObjectKey: 'generated/a/1',
  imageContentDigest: 'd'.repeat(64),
  imageCostNanoUsd: 50_000_000,
  costNanoUsd: 50_000_000,
  finishedAt: new Date('2026-11-22T12:00:20Z'),
}
const failed: Partial<GenerationWithImage> = {
  status: 'failed',
  errorCode: 'no_image',
  errorMessage: 'It answered with text.',
  errorRetryable: true,
  finishedAt: new Date('2026-11-22T12:00:20Z'),
}

describe('a generation', () => {
  test('is answered as the contract has it, without a null, whatever its state', () => {
    for (const given of [{}, made, failed, { status: 'canceled' as const }]) {
      const answer = present(given)
      expect(generationSchema.strict().parse(answer)).toEqual(answer)
      expect(Object.values(answer)).not.toContain(null)
    }
  })

  test.each<[Partial<GenerationWithImage>, isPlaceholder: boolean]>([
    [{}, false],
    [{ status: 'running' }, false],
    [made, false],
    [failed, true],
    [{ status: 'canceled' }, true],
  ])('shows the placeholder where it ended without an image (%#)', (given, isPlaceholder) => {
    expect(present(given).isPlaceholder).toBe(isPlaceholder)
  })

  test('names the very bytes once they are there, and an address that always works before', () => {
    const always = `${BASE}/images/${aGeneration().id}.signed`
    expect(present().imageUrl).toBe(always)
    expect(present(failed).imageUrl).toBe(always)
    expect(present(made).imageUrl).toBe(`${always}?v=dddddddddddd`)
    expect(present(made).urls.image).toBe(always)
  })

  test('says what it cost once it has ended, and not before', () => {
    expect(present({ status: 'running', costNanoUsd: 50_000_000 })).not.toHaveProperty('costUsd')
    expect(present({ ...failed, costNanoUsd: 50_000_000 }).costUsd).toBe(0.05)
  })

  test('says why it failed, and whether asking again may help', () => {
    const error = { code: 'no_image', message: 'It answered with text.', retryable: true }
    expect(present(failed).error).toEqual(error)
    expect(present()).not.toHaveProperty('error')
  })

  test('tells when it ends at the latest, while it has not', () => {
    const deadlineAt = new Date('2026-11-22T12:30:00Z')
    expect(present({ deadlineAt }).deadlineAt).toBe('2026-11-22T12:30:00.000Z')
    expect(present({ ...made, deadlineAt })).not.toHaveProperty('deadlineAt')
    expect(present()).not.toHaveProperty('deadlineAt')
  })

  test('says whose it is to operators alone', () => {
    expect(present()).not.toHaveProperty('ownerId')
    expect(present({}, { showsOwner: true }).ownerId).toBe('alice')
  })

  test('of the local renderer says that no model was called', () => {
    expect(present({ provider: 'local' }).note).toMatch(/local renderer/)
    expect(present()).not.toHaveProperty('note')
  })
})

describe('a person who has waited for too long', () => {
  // By the clock that the row's times are of, whatever this machine's says.
  const { asOf } = aGeneration()
  const ago = (ms: number) => new Date(asOf.getTime() - ms)
  const late = { queuedAt: ago(DEADLINE_MS + 60_000) }
  const isDown = { errorCode: 'provider_unavailable', errorMessage: '', errorRetryable: true }

  test.each<[string, Partial<GenerationWithImage>, boolean]>([
    ['who asked just now', { lane: 'interactive', queuedAt: ago(0) }, false],
    ['who asked long ago', { lane: 'interactive', ...late }, true],
    ['who asked long ago, of what runs', { lane: 'interactive', status: 'running', ...late }, true],
    ['who has the image', { lane: 'interactive', ...made, ...late }, false],
    ['who is nobody', { lane: 'eager', ...late }, false],
    ['who came just now', { lane: 'interactive', ...late, promotedAt: ago(0) }, false],
    ['who came long ago', { lane: 'interactive', ...late, promotedAt: late.queuedAt }, true],
    ['whose model is down', { lane: 'interactive', ...isDown }, true],
    ['nobody’s model is down', { lane: 'eager', ...isDown }, false],
  ])('%s', (_name, given, isLate) => {
    const answer = present(given)
    expect(answer.isPlaceholder).toBe(isLate)
    expect(answer.note !== undefined).toBe(isLate)
  })
})

describe('a reuse', () => {
  const others = { ...made, imageId: `g_${'b'.repeat(40)}` }
  const similar = {
    ...others,
    reuseSource: 'similar' as const,
    similarity: 0.9,
    imagePrompt: 'a crimson bicycle',
  }

  test.each<
    [string, Partial<GenerationWithImage>, 'exact' | 'joined' | undefined, object | undefined]
  >([
    ['of nothing', made, undefined, undefined],
    ['of one that was there', made, 'exact', { source: 'exact', savedUsd: 0.05 }],
    ['of one that is under way', {}, 'joined', { source: 'joined', savedUsd: LIST_PRICE_USD }],
    [
      'of another’s image',
      { ...others, reuseSource: 'exact' },
      undefined,
      { source: 'exact', savedUsd: 0.05, generationId: others.imageId },
    ],
    [
      'of a similar image',
      similar,
      undefined,
      {
        source: 'similar',
        savedUsd: 0.05,
        generationId: others.imageId,
        similarity: 0.9,
        prompt: 'a crimson bicycle',
      },
    ],
    [
      'of a similar image that was there',
      similar,
      'exact',
      {
        source: 'exact',
        savedUsd: 0.05,
        generationId: others.imageId,
        similarity: 0.9,
        prompt: 'a crimson bicycle',
      },
    ],
  ])('%s', (_name, given, answered, reuse) => {
    expect(describeReuse(aGeneration(given), answered, () => LIST_PRICE_USD)).toEqual(reuse)
    expect(present(given, { reuse: answered }).isExisting).toBe(reuse !== undefined)
  })

  test('tells a similar image’s own prompt, and only those suggestions that are still there', () => {
    const suggestion = { id: `g_${'c'.repeat(40)}`, similarity: 0.8, passes: false, reasons: [] }
    const generation = aGeneration({ ...made, id: suggestion.id, prompt: 'a blue bicycle' })
    const answer = present({}, { suggested: [{ ...suggestion, generation }] })
    expect(answer.similar).toEqual([
      {
        generationId: suggestion.id,
        imageUrl: `${BASE}/images/${suggestion.id}.signed?v=dddddddddddd`,
        prompt: 'a blue bicycle',
        similarity: 0.8,
        passes: false,
        reasons: [],
      },
    ])
    expect(present()).not.toHaveProperty('similar')
  })
})
