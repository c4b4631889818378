import { expect, test } from '@jest/globals'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import { fitDraft, listModels, listSizes, parseDraft } from '../../web/playground/draft.ts'
import { aModel } from '../support/models.ts'

const models = [
  aModel({ name: 'dear', priceUsd: { '1K': 1, '4K': 4 } }),
  aModel({ name: 'cheap', priceUsd: { '1K': 0.1, '2K': 0.2 } }),
]

const infoFor = (caller: Partial<ServerInfo['caller']>) => ({
  models,
  defaultModel: 'dear',
  caller: { ownerId: 'a', isAdmin: false, ...caller },
})

const offer = (info: ReturnType<typeof infoFor>, query: Record<string, string>) => {
  const { model, imageSize } = fitDraft(info, parseDraft(query))
  return { model, imageSize }
}

test('a caller with no bounds is offered everything, and keeps what an address names', () => {
  const info = infoFor({})
  expect(listModels(info).map(({ name }) => name)).toEqual(['dear', 'cheap'])
  expect(listSizes(info, models[0])).toEqual(['1K', '4K'])
  expect(offer(info, {})).toEqual({ model: '', imageSize: '1K' })
  expect(offer(info, { model: 'cheap', imageSize: '2K' })).toEqual({
    model: 'cheap',
    imageSize: '2K',
  })
})

test('a caller is offered the models and sizes that it may ask for, and the first of them for any other', () => {
  const info = infoFor({ models: ['cheap'], sizes: ['2K'] })
  expect(listModels(info).map(({ name }) => name)).toEqual(['cheap'])
  expect(listSizes(info, models[1])).toEqual(['2K'])
  for (const query of [
    {},
    { model: 'dear', imageSize: '4K' },
    { model: 'unknown', imageSize: '9K' },
  ]) {
    expect(offer(info, query)).toEqual({ model: 'cheap', imageSize: '2K' })
  }
})
