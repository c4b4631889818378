import { describe, expect, jest, test } from '@jest/globals'
import { costGeminiAnswer, listGeminiModels } from '../../src/adapters/providers/gemini-prices.ts'
import { reportGuessedPrices } from '../../src/app/server-info.ts'
import { modelInfoSchema } from '../../src/contract/server-info.ts'

const BANANA = 'gemini-nano-banana-2.1'
const PRO = 'gemini-3-pro-image'

describe('the models on offer', () => {
  test('start with the configured one, and name the others after it', () => {
    const names = listGeminiModels(PRO).map(({ name }) => name)
    expect(names).toEqual([PRO, BANANA, 'gemini-3.1-flash-lite-image'])
  })

  test('are offered at the sizes that they have a price for, with the thinking that is always paid', () => {
    const prices = Object.fromEntries(
      listGeminiModels(BANANA).map(({ name, priceUsd }) => [name, priceUsd]),
    )
    expect(prices).toEqual({
      // 1,120, 1,680 and 3,780 tokens at $30 a million, and 900 of thinking at $7.50.
      [BANANA]: { '1K': 0.04035, '2K': 0.05715, '4K': 0.12015 },
      [PRO]: { '1K': 0.1344, '2K': 0.1344, '4K': 0.24 },
      'gemini-3.1-flash-lite-image': { '1K': 0.0336 },
    })
  })

  test.each([
    `models/${PRO}`,
    `${PRO}-preview`,
    `${PRO}-preview-11-2025`,
    `${PRO}-latest`,
    `${PRO}-001`,
    `google/${PRO}-preview`,
    `publishers/google/models/${PRO}@001`,
  ])('have the price and sizes of the same model under another name: %s', (name) => {
    const [configured] = listGeminiModels(name)
    const [plain] = listGeminiModels(PRO)
    expect(configured).toEqual({ ...plain, name })
  })

  test.each(['gemini-9-image', 'gemini-3-pro-image-ultra', 'gemini-3-pro', '__proto__', 'x'])(
    'include a configured one that has no known price, marked, at the highest of each: %s',
    (name) => {
      const [first] = listGeminiModels(name)
      expect(first).toEqual({
        name,
        // 1,120, 1,680 and 3,780 tokens at $120, and 900 of thinking at $12.
        priceUsd: { '1K': 0.1452, '2K': 0.2124, '4K': 0.4644 },
        aspectRatios: expect.any(Array),
        maxConditionImages: 14,
        thinkingLevels: ['minimal', 'low', 'medium', 'high'],
        takesSeed: true,
        takesSafetySettings: true,
        takesTurns: true,
        isPriceGuessed: true,
      })
      expect(listGeminiModels(name)).toHaveLength(4)
    },
  )

  test('are named at start where their price is a guess, and only there', () => {
    const warn = jest.fn()
    reportGuessedPrices({ models: listGeminiModels(`${PRO}-preview`) }, { warn })
    expect(warn).not.toHaveBeenCalled()
    reportGuessedPrices({ models: listGeminiModels('gemini-9-image') }, { warn })
    expect(warn.mock.calls).toEqual([
      [expect.objectContaining({ model: 'gemini-9-image' }), expect.stringMatching(/guessed/)],
    ])
  })

  test('show no more than the contract has', () => {
    for (const model of listGeminiModels(BANANA)) {
      expect(modelInfoSchema.strict().parse(model)).toEqual(model)
    }
  })
})

describe('the cost of a call', () => {
  const ofImages = (tokenCount: number) => ({
    candidatesTokenCount: tokenCount,
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount }],
  })

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
    expect(costGeminiAnswer(BANANA, '1K', 1, usage)).toBe(0.03885)
  })

  test('counts two images when two were made', () => {
    expect(costGeminiAnswer(BANANA, '1K', 2, ofImages(2_240))).toBe(0.0672)
    // Not told apart: twice the tokens of one, and one time of thinking.
    expect(costGeminiAnswer(BANANA, '1K', 2, { candidatesTokenCount: 2_240 })).toBe(0.07395)
  })

  test.each([
    [BANANA, '1K', 0.04035],
    [BANANA, '2K', 0.05715],
    [BANANA, '4K', 0.12015],
    [PRO, '4K', 0.24],
    ['gemini-3.1-flash-lite-image', '1K', 0.0336],
  ] as const)('is the list price of one image without a count: %s at %s', (model, size, usd) => {
    expect(costGeminiAnswer(model, size, 1)).toBe(usd)
  })

  test('takes an image to have the tokens of its size when they are not told apart from text', () => {
    const usage = { promptTokenCount: 1_000, candidatesTokenCount: 1_120, thoughtsTokenCount: 0 }
    expect(costGeminiAnswer(BANANA, '2K', 1, usage)).toBe(0.0519)
    // What is left of the count is text.
    expect(costGeminiAnswer(BANANA, '1K', 1, { ...usage, candidatesTokenCount: 1_220 })).toBe(
      0.03585,
    )
  })

  test('at 4K without details is that of 3,780 tokens, and of its thinking', () => {
    const usage = { candidatesTokenCount: 3_780 }
    expect(costGeminiAnswer(BANANA, '4K', 1, { ...usage, thoughtsTokenCount: 0 })).toBe(0.1134)
    expect(costGeminiAnswer(BANANA, '4K', 1, { ...usage, thoughtsTokenCount: 1_000 })).toBe(0.1209)
    expect(costGeminiAnswer(BANANA, '4K', 1, usage)).toBe(0.12015)
  })

  test.each([{}, { candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 900 }] }])(
    'without an image is that of every token by its kind: %j',
    (details) => {
      const usage = { promptTokenCount: 100, candidatesTokenCount: 900, ...details }
      expect(costGeminiAnswer(BANANA, '1K', 0, usage)).toBe(0.0069)
    },
  )

  test('takes what the provider had in its cache at the lower price', () => {
    const usage = { promptTokenCount: 100_000, cachedContentTokenCount: 90_000, ...ofImages(1_120) }
    // 10,000 at $2 and 90,000 at $0.20 a million, and 1,120 at $120.
    expect(costGeminiAnswer(PRO, '1K', 1, usage)).toBe(0.1724)
    expect(costGeminiAnswer(PRO, '1K', 1, { ...usage, promptTokenCount: 0 })).toBe(0.1344)
  })

  test('counts what tools put into the prompt', () => {
    const usage = { promptTokenCount: 1_000, toolUsePromptTokenCount: 1_000, ...ofImages(1_120) }
    expect(costGeminiAnswer(BANANA, '1K', 1, usage)).toBe(0.0366)
  })

  test.each([`models/${PRO}`, `${PRO}-preview`])('is one price under every name: %s', (name) => {
    expect(costGeminiAnswer(name, '1K', 1, ofImages(1_120))).toBe(0.1344)
  })

  test('is guessed high, never zero, for a model without known prices', () => {
    expect(costGeminiAnswer('gemini-9-image', '4K', 1)).toBe(0.4644)
    const usage = { promptTokenCount: 100_000, cachedContentTokenCount: 90_000 }
    expect(costGeminiAnswer('gemini-9-image', '1K', 0, usage)).toBe(0.2)
  })
})
