import { describe, expect, test } from '@jest/globals'
import { listDifferences } from '../../src/features/receipts/differences.ts'
import { presentAsking } from '../../src/features/receipts/present-asking.ts'
import { shareOfWords } from '../../src/generation/read/search.ts'
import { aGeneration } from '../support/generation-rows.ts'

describe('the differences of two requests', () => {
  test('are named as the contract names fields', () => {
    const other = aGeneration({
      prompt: 'a blue bicycle',
      variant: 'cover',
      imageSize: '2K',
      details: { seed: 7, number: 2, negativePrompt: 'text' },
    })
    expect(listDifferences(aGeneration(), other)).toEqual([
      'prompt',
      'imageSize',
      'variant',
      'number',
      'negativePrompt',
      'seed',
    ])
  })

  test('are none of equal ones, whoever asked and when', () => {
    const other = aGeneration({ id: 'g_other', revision: 'forced', createdAt: new Date(0) })
    expect(listDifferences(aGeneration(), other)).toEqual([])
  })
})

test.each([
  ['a red fox', 'a red fox', 1],
  ['a red fox', 'A RED fox!', 1],
  ['a red fox', 'a blue fox', 2 / 3],
  ['a fox', 'a bear and a wolf', 2 / 7],
  ['fox', 'bear', 0],
  ['…', '!', 0],
])('of the words of “%s” and “%s” both have %d', (one, other, share) => {
  expect(shareOfWords(one, other)).toBeCloseTo(share)
  expect(shareOfWords(other, one)).toBeCloseTo(share)
})

describe('an asking is', () => {
  const asked = {
    id: '1',
    generationId: 'g_image',
    imageId: 'g_image',
    source: null,
    savedNanoUsd: null,
    createdAt: new Date(0),
    costNanoUsd: 30_000_000,
    calls: 1,
    isEstimate: false,
    revision: null,
    forcedBy: null,
    reuseSource: null,
    similarity: null,
    prompt: 'a red fox',
    status: 'succeeded' as const,
  }
  test.each([
    ['paid', {}],
    ['unpaid', { calls: 0, costNanoUsd: 0 }],
    ['forced', { revision: 'some', generationId: 'g_other', imageId: 'g_other' }],
    ['declined', { revision: 'own', generationId: 'g_other', imageId: 'g_other' }],
    ['similar', { generationId: 'g_other', reuseSource: 'similar' as const, similarity: 0.9 }],
    ['exact', { source: 'exact', savedNanoUsd: 30_000_000 }],
    ['joined', { source: 'joined', savedNanoUsd: 30_000_000 }],
    ['client', { source: 'client', savedNanoUsd: 30_000_000 }],
  ])('%s', (kind, given) => {
    const asking = presentAsking({ ...asked, ...given }, 'g_image', 30_000_000)
    expect(asking.kind).toBe(kind)
    expect(asking.isOther).toBe(kind === 'forced' || kind === 'declined')
    const isFree = ['exact', 'joined', 'similar'].includes(kind)
    expect(asking.savedUsd).toBe(isFree ? 0.03 : undefined)
    expect(asking.costUsd === undefined).toBe(isFree || kind === 'client')
  })
})
