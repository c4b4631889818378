import { describe, expect, test } from '@jest/globals'
import { costGeminiImage, listGeminiModels } from '../../src/adapters/providers/gemini-prices.ts'

const BANANA = 'gemini-nano-banana-2.1'

describe('the models on offer', () => {
  test('start with the configured one, and name the others after it', () => {
    const names = listGeminiModels('gemini-3-pro-image').map(({ name }) => name)
    expect(names).toEqual(['gemini-3-pro-image', BANANA, 'gemini-3.1-flash-lite-image'])
  })

  test('are offered at the sizes that they have a price for', () => {
    const prices = Object.fromEntries(
      listGeminiModels(BANANA).map(({ name, priceUsd }) => [name, priceUsd]),
    )
    expect(prices).toEqual({
      [BANANA]: { '1K': 0.0336, '2K': 0.0504, '4K': 0.076 },
      'gemini-3-pro-image': { '1K': 0.134, '2K': 0.134, '4K': 0.24 },
      'gemini-3.1-flash-lite-image': { '1K': 0.0336 },
    })
  })

  test('include a configured one that has no known price, at 1K and the default price', () => {
    const [first] = listGeminiModels('gemini-9-image')
    expect(first).toMatchObject({ name: 'gemini-9-image', priceUsd: { '1K': 0.0336 } })
    expect(listGeminiModels('gemini-9-image')).toHaveLength(4)
  })

  test('show no more than the contract has', () => {
    for (const model of listGeminiModels(BANANA)) {
      expect(Object.keys(model).sort()).toEqual(['aspectRatios', 'name', 'priceUsd'])
    }
  })
})

describe('the cost of a call', () => {
  test('counts image, text, thought and prompt tokens at their own prices', () => {
    const usage = {
      promptTokenCount: 1_000,
      candidatesTokenCount: 1_220,
      thoughtsTokenCount: 400,
      candidatesTokensDetails: [
        { modality: 'IMAGE', tokenCount: 1_120 },
        { modality: 'TEXT', tokenCount: 100 },
      ],
    }
    // 1,120 at $30, 100 + 400 at $7.50 and 1,000 at $1.50 a million
    expect(costGeminiImage(BANANA, '1K', usage)).toBe(0.03885)
  })

  test('counts two images when two were made', () => {
    const usage = {
      candidatesTokenCount: 2_240,
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 2_240 }],
    }
    expect(costGeminiImage(BANANA, '1K', usage)).toBe(0.0672)
  })

  test.each([
    [BANANA, '1K', 0.0336],
    [BANANA, '2K', 0.0504],
    [BANANA, '4K', 0.076],
    ['gemini-3-pro-image', '4K', 0.24],
    ['gemini-3.1-flash-lite-image', '1K', 0.0336],
  ] as const)('is the list price of one image without a count: %s at %s', (model, size, usd) => {
    expect(costGeminiImage(model, size)).toBe(usd)
  })

  test('takes the list price of the image when its tokens are not told apart from text', () => {
    const usage = { promptTokenCount: 1_000, candidatesTokenCount: 1_120 }
    expect(costGeminiImage(BANANA, '2K', usage)).toBe(0.0519)
  })

  test('is an estimate, never zero, for a model without known prices', () => {
    expect(costGeminiImage('gemini-9-image', '4K')).toBe(0.0336)
  })
})
