import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { createGeminiPrices } from '../../src/adapters/providers/gemini-prices.ts'
import { findOldestDay, listOldParts } from '../../src/adapters/providers/price-age.ts'
import {
  builtInFile,
  builtInPrices,
  mergePrices,
  parsePriceFile,
} from '../../src/adapters/providers/price-table.ts'
import { parseConfig } from '../../src/app/config.ts'
import { describePrices, examinePrices } from '../../src/app/examine-prices.ts'
import { openProviders } from '../../src/app/open-providers.ts'
import { reportGuessedPrices } from '../../src/app/server-info.ts'
import { modelInfoSchema } from '../../src/contract/server-info.ts'
import { toNanoUsd } from '../../src/lib/money.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const { costAnswer: costGeminiAnswer, listModels: listGeminiModels } =
  createGeminiPrices(builtInPrices)

const BANANA = 'gemini-nano-banana-2.1'
const PRO = 'gemini-3-pro-image'

const aPrice = {
  source: 'a contract',
  checkedOn: '2026-11-01',
  usdPerMillionTokens: {
    ...{ textIn: 1, imageIn: 2, cachedIn: 0.5, toolUse: 3 },
    ...{ textOut: 5, thinking: 6, imageOut: 30 },
  },
  imageTokens: { '1K': 1_120 },
  thinkingTokens: 100,
}

const aFile = (model: object) => ({
  version: 'ours',
  date: '2026-11-01',
  models: [{ name: BANANA, provider: 'gemini', ...model }],
})

/** The shipped table under one of one's own, which says this of a model. */
const withOwn = (model: object) => mergePrices(builtInFile, parsePriceFile(aFile(model)))

describe('the shipped table', () => {
  test('says of everything which page says so, and has abilities of each model', () => {
    const { models, embeddings } = builtInPrices
    const sourced = [
      ...models.flatMap(({ prices, abilities, tiers = {} }) => [
        prices,
        abilities,
        ...Object.values(tiers),
      ]),
      ...embeddings.map(({ prices }) => prices),
    ]
    for (const part of sourced) {
      expect(part?.source).toMatch(/^https:\/\/(ai\.google\.dev|developers\.openai\.com)\/.+/)
    }
  })

  test('takes half for what is gathered, and prices the pictures of a prompt as its text', () => {
    for (const { provider, tiers, prices } of builtInPrices.models) {
      expect(tiers?.batch?.shareOfStandard).toBe(0.5)
      if (provider !== 'gemini') continue
      const { textIn, imageIn, thinking, textOut } = prices.usdPerMillionTokens
      expect([imageIn, thinking]).toEqual([textIn, textOut])
    }
  })
})

describe('a part of the table', () => {
  const at = (day: string) => new Date(`${day}T12:00:00Z`)
  const listOld = (checkedOn: string, now: Date) =>
    listOldParts({ ...withOwn({ prices: { ...aPrice, checkedOn }, tiers: {} }) }, now)
      .filter(({ place }) => place === `${BANANA}: prices`)
      .map(({ ageDays }) => ageDays)

  test('is old after 60 days, and one of a day to come is wrong', () => {
    expect(listOld('2026-10-01', at('2026-11-30'))).toEqual([])
    expect(listOld('2026-10-01', at('2026-12-01'))).toEqual([61])
    expect(listOld('2026-10-02', at('2026-09-29'))).toEqual([-3])
  })

  test('is looked at wherever a day is written down', () => {
    const places = listOldParts(builtInPrices, at('2028-01-01')).map(({ place }) => place)
    expect(places).toEqual(
      expect.arrayContaining([
        `${BANANA}: prices`,
        `${BANANA}: abilities`,
        `${PRO}: tier flex`,
        'gemini-embedding-001: prices',
      ]),
    )
    expect(places).toHaveLength(8 + 8 + 9 + 2 + 1)
    expect(findOldestDay(builtInPrices)).toBe('2026-11-27')
  })

  const findings = (env: Record<string, string>, now: Date) =>
    examinePrices(parseConfig(env), now).map(({ kind, setting }) => `${kind} ${setting}`)

  test('that is old, or missing, is told to operators where calls cost something', () => {
    const [soon, late] = [at('2026-12-01'), at('2028-01-01')]
    expect(findings({}, late)).toEqual([])
    expect(findings({ GEMINI_API_KEY: 'key' }, soon)).toEqual(['good PRICE_FILE'])
    expect(findings({ GEMINI_API_KEY: 'key' }, late)).toEqual(['costly PRICE_FILE'])
    const unknown = { GEMINI_API_KEY: 'key', GEMINI_MODEL: 'gemini-9-image' }
    expect(findings(unknown, late)).toEqual(['costly GEMINI_MODEL', 'costly PRICE_FILE'])
    expect(describePrices(parseConfig({}), soon)).toBeNull()
    expect(describePrices(parseConfig({ GEMINI_API_KEY: 'key' }), late)).toEqual({
      version: builtInPrices.version,
      oldestCheckedOn: '2026-11-27',
      old: expect.arrayContaining([`${BANANA}: prices`]),
    })
  })
})

describe('a table of one’s own', () => {
  test('takes the place of what is built in part by part, and leaves the rest', () => {
    const table = withOwn({ prices: aPrice })
    const prices = createGeminiPrices(table)
    const [banana, ...others] = prices.listModels(BANANA)
    const [before, ...othersBefore] = listGeminiModels(BANANA)
    // 1,120 tokens at $30 a million and 100 of thinking at $6.
    expect(banana).toEqual({ ...before, priceUsd: { '1K': 0.0342 }, priceCheckedOn: '2026-11-01' })
    expect(others).toEqual(othersBefore)
    expect(table.models.find(({ name }) => name === BANANA)?.tiers?.batch?.shareOfStandard).toBe(
      0.5,
    )
  })

  test('has another version with other figures, whatever it calls itself', () => {
    const one = withOwn({ prices: aPrice }).version
    expect(one).toMatch(/^ours\+2026-11:[0-9a-f]{8}$/)
    expect(withOwn({ prices: aPrice }).version).toBe(one)
    expect(withOwn({ prices: { ...aPrice, thinkingTokens: 101 } }).version).not.toBe(one)
  })

  test('makes an unknown model known, under its other names too', () => {
    const own = { name: 'gemini-9-image', aliases: ['mine-001', PRO], prices: aPrice }
    const prices = createGeminiPrices(withOwn(own))
    for (const name of [
      'gemini-9-image',
      'models/gemini-9-image-preview',
      'mine-001',
      'x/mine-001',
      PRO,
    ]) {
      expect(prices.isGuessed(name)).toBe(false)
      expect(prices.estimateCall(name, '1K')).toBe(34_200_000)
    }
    // Of a size that it doesn't make: the dearest that it makes.
    expect(prices.estimateCall('gemini-9-image', '4K')).toBe(34_200_000)
    expect(prices.isGuessed('mine')).toBe(true)
    expect(prices.listModels('mine-001')[0]).toMatchObject({ maxConditionImages: 14 })
  })

  test('can price a model of text, which is on no list of those that make images', () => {
    const own = { name: 'gemini-9-text', prices: { ...aPrice, imageTokens: {} } }
    const prices = createGeminiPrices(withOwn(own))
    expect(prices.isGuessed('gemini-9-text')).toBe(false)
    expect(prices.listModels(BANANA).map(({ name }) => name)).not.toContain('gemini-9-text')
    const usage = { promptTokenCount: 1_000_000, candidatesTokenCount: 100_000 }
    expect(prices.costAnswer('gemini-9-text', '1K', 0, usage)).toBe(1_500_000_000)
    // Whoever asks it for an image all the same has nothing for free.
    expect(prices.estimateCall('gemini-9-text', '1K')).toBe(145_200_000)
  })

  const { textIn: _missing, ...incomplete } = aPrice.usdPerMillionTokens
  test.each([
    [aFile({}), /^models\[0\]\.prices: Invalid input: expected object, received undefined$/],
    [
      aFile({ prices: { ...aPrice, usdPerMillionTokens: incomplete } }),
      /^models\[0\]\.prices\.usdPerMillionTokens\.textIn: .*expected number/,
    ],
    [
      aFile({ prices: { ...aPrice, thinkingTokens: -1 } }),
      /^models\[0\]\.prices\.thinkingTokens: .*>=0/,
    ],
    [aFile({ prices: { ...aPrice, imageTokens: { '1K': 0 } } }), /imageTokens\.1K: .*>=1$/],
    [
      aFile({ prices: { ...aPrice, checkedOn: 'May' } }),
      /^models\[0\]\.prices\.checkedOn: must be a day, as 2026-11-28$/,
    ],
    [aFile({ prices: { ...aPrice, source: ' ' } }), /^models\[0\]\.prices\.source: /],
    [aFile({ prices: aPrice, price: 1 }), /^models\[0\]: Unrecognized key: "price"$/],
    [
      aFile({ prices: aPrice, aliases: [BANANA] }),
      /^models\[0\]: ".*" must stand in the list once/,
    ],
    [
      aFile({ prices: aPrice, name: 'models/x' }),
      /^models\[0\]\.name: must be a name without a path/,
    ],
    [
      { ...aFile({ prices: aPrice }), version: 1, date: 2 },
      /^version: .*expected string.* \(and 1 more\)$/,
    ],
    [[], /^the whole of it: Invalid input: expected object, received array$/],
  ])('that is wrong is named by the place and what is expected: %#', (content, message) => {
    expect(() => parsePriceFile(content)).toThrow(message)
  })
})

describe('PRICE_FILE', () => {
  let folder: TemporaryFolder
  beforeAll(async () => {
    folder = await makeTemporaryFolder('prices')
  })
  afterAll(() => folder.remove())

  const write = async (text: string): Promise<string> => {
    const path = join(folder.path, 'own.json')
    await writeFile(path, text)
    return path
  }

  test('is what all processes price by', async () => {
    const PRICE_FILE = await write(JSON.stringify(aFile({ prices: aPrice })))
    const { prices, settings } = parseConfig({ PRICE_FILE })
    expect(prices).toEqual(withOwn({ prices: aPrice }))
    expect(settings.find(({ name }) => name === 'PRICE_FILE')).toMatchObject({ value: PRICE_FILE })
    const config = parseConfig({ PRICE_FILE, GEMINI_API_KEY: 'key' })
    const { providers, close } = openProviders(config, { isCaller: true })
    expect(providers.find('gemini')?.estimateNanoUsd(BANANA, '1K')).toBe(34_200_000)
    await close()
    expect(parseConfig({}).prices).toBe(builtInPrices)
  })

  test.each([
    ['{"version": "x",\n "date": }', /which must be JSON: .+/],
    [
      JSON.stringify(aFile({})),
      /in which something is wrong: models\[0\]\.prices: .*expected object/,
    ],
  ])('stops a start with one line where it is wrong: %#', async (text, message) => {
    const PRICE_FILE = await write(text)
    const start = () => parseConfig({ PRICE_FILE })
    expect(start).toThrow(message)
    expect(start).toThrow(`PRICE_FILE names ${PRICE_FILE}, `)
    expect(start).toThrow(expect.objectContaining({ problems: [expect.stringMatching(/^.+$/)] }))
  })

  test('stops a start where there is none', () => {
    const start = () => parseConfig({ PRICE_FILE: '/nowhere/own.json' })
    expect(start).toThrow('PRICE_FILE names /nowhere/own.json, which can’t be read: ENOENT')
  })
})

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
        provider: 'gemini',
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
    expect(costGeminiAnswer(BANANA, '1K', 1, usage)).toBe(38_850_000)
  })

  test('counts two images when two were made', () => {
    expect(costGeminiAnswer(BANANA, '1K', 2, ofImages(2_240))).toBe(67_200_000)
    // Not told apart: twice the tokens of one, and one time of thinking.
    expect(costGeminiAnswer(BANANA, '1K', 2, { candidatesTokenCount: 2_240 })).toBe(73_950_000)
  })

  test.each([
    [BANANA, '1K', 0.04035],
    [BANANA, '2K', 0.05715],
    [BANANA, '4K', 0.12015],
    [PRO, '4K', 0.24],
    ['gemini-3.1-flash-lite-image', '1K', 0.0336],
  ] as const)('is the list price of one image without a count: %s at %s', (model, size, usd) => {
    expect(costGeminiAnswer(model, size, 1)).toBe(toNanoUsd(usd))
  })

  test('takes an image to have the tokens of its size when they are not told apart from text', () => {
    const usage = { promptTokenCount: 1_000, candidatesTokenCount: 1_120, thoughtsTokenCount: 0 }
    expect(costGeminiAnswer(BANANA, '2K', 1, usage)).toBe(51_900_000)
    // What is left of the count is text.
    expect(costGeminiAnswer(BANANA, '1K', 1, { ...usage, candidatesTokenCount: 1_220 })).toBe(
      35_850_000,
    )
  })

  test('at 4K without details is that of 3,780 tokens, and of its thinking', () => {
    const usage = { candidatesTokenCount: 3_780 }
    expect(costGeminiAnswer(BANANA, '4K', 1, { ...usage, thoughtsTokenCount: 0 })).toBe(113_400_000)
    expect(costGeminiAnswer(BANANA, '4K', 1, { ...usage, thoughtsTokenCount: 1_000 })).toBe(
      120_900_000,
    )
    expect(costGeminiAnswer(BANANA, '4K', 1, usage)).toBe(120_150_000)
  })

  test.each([{}, { candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 900 }] }])(
    'without an image is that of every token by its kind: %j',
    (details) => {
      const usage = { promptTokenCount: 100, candidatesTokenCount: 900, ...details }
      expect(costGeminiAnswer(BANANA, '1K', 0, usage)).toBe(6_900_000)
    },
  )

  test('takes what the provider had in its cache at the lower price', () => {
    const usage = { promptTokenCount: 100_000, cachedContentTokenCount: 90_000, ...ofImages(1_120) }
    // 10,000 at $2 and 90,000 at $0.20 a million, and 1,120 at $120.
    expect(costGeminiAnswer(PRO, '1K', 1, usage)).toBe(172_400_000)
    expect(costGeminiAnswer(PRO, '1K', 1, { ...usage, promptTokenCount: 0 })).toBe(134_400_000)
  })

  test('is of each kind of token at the price of its kind', () => {
    const prices = createGeminiPrices(withOwn({ prices: aPrice }))
    const usage = {
      promptTokenCount: 1_000,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 400 },
        { modality: 'IMAGE', tokenCount: 600 },
      ],
      cachedContentTokenCount: 500,
      toolUsePromptTokenCount: 10,
      thoughtsTokenCount: 7,
      candidatesTokenCount: 1_123,
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_120 }],
    }
    // Of the cached ones 400 are text, which is cheaper, and 100 of pictures: 500 of pictures are left.
    const micros = 500 * 2 + 500 * 0.5 + 10 * 3 + 1_120 * 30 + 3 * 5 + 7 * 6
    expect(prices.costAnswer(BANANA, '1K', 1, usage)).toBe(micros * 1_000)
  })

  test('is exact to the billionth of a dollar', () => {
    const lite = 'gemini-3.1-flash-lite-image'
    const usage = { promptTokenCount: 3, cachedContentTokenCount: 1, ...ofImages(1) }
    expect(costGeminiAnswer(lite, '1K', 1, usage)).toBe(30_525)
  })

  test('counts what tools put into the prompt', () => {
    const usage = { promptTokenCount: 1_000, toolUsePromptTokenCount: 1_000, ...ofImages(1_120) }
    expect(costGeminiAnswer(BANANA, '1K', 1, usage)).toBe(36_600_000)
  })

  test.each([`models/${PRO}`, `${PRO}-preview`])('is one price under every name: %s', (name) => {
    expect(costGeminiAnswer(name, '1K', 1, ofImages(1_120))).toBe(134_400_000)
  })

  test('is guessed high, never zero, for a model without known prices', () => {
    expect(costGeminiAnswer('gemini-9-image', '4K', 1)).toBe(464_400_000)
    const usage = { promptTokenCount: 100_000, cachedContentTokenCount: 90_000 }
    expect(costGeminiAnswer('gemini-9-image', '1K', 0, usage)).toBe(200_000_000)
  })
})
