import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnalyticsSummary } from '../../../src/contract/analytics.ts'
import type { ServerInfo } from '../../../src/contract/server-info.ts'
import { usageMetadata } from '../../support/gemini-answers.ts'
import type { Stack } from '../stack.ts'

const NANO = 1e9

/** What the model's maker asks for a token, in US dollars (facts of November 2026). */
const TEXT_IN_USD = 1.5 / 1e6
const IMAGE_OUT_USD = 30 / 1e6

/**
 * The same money in all books, and the same pictures in rows and store. To be read once all have settled, of a stack that keeps its
 * images in files.
 */
export const readBooks = async (stack: Stack, apiUrl: string) => {
  const { db } = stack
  const attempts = await db.selectFrom('attempts').select('costUsd').execute()
  const generations = await db.selectFrom('generations').select('costUsd').execute()
  const listUsd = await readListPriceUsd(stack, apiUrl)
  return {
    attempts: attempts.length,
    billNanoUsd: sumNano(stack.provider.calls.map((call) => billUsd(stack, call, listUsd))),
    attemptsNanoUsd: sumNano(attempts.map(({ costUsd }) => costUsd)),
    generationsNanoUsd: sumNano(generations.map(({ costUsd }) => costUsd)),
    analyticsNanoUsd: await readAnalytics(stack, apiUrl),
    ...(await comparePictures(stack)),
  }
}

type Call = Stack['provider']['calls'][number]

/** Of a call that was cut off nobody learns what it cost: our books have the list price. */
const billUsd = ({ provider }: Stack, call: Call, listUsd: number): number => {
  if (!provider.isCharged(call)) return 0
  if (call.abandoned) return listUsd
  const { promptTokenCount, candidatesTokenCount } = usageMetadata
  return promptTokenCount * TEXT_IN_USD + candidatesTokenCount * IMAGE_OUT_USD
}

const sumNano = (amounts: readonly number[]): number =>
  amounts.reduce((sum, usd) => sum + Math.round(usd * NANO), 0)

const ask = async <T>(stack: Stack, url: string): Promise<T> => {
  const authorization = `Bearer ${await stack.signTokenFor('operator', true)}`
  const response = await fetch(url, { headers: { authorization } })
  return (await response.json()) as T
}

const readListPriceUsd = async (stack: Stack, apiUrl: string): Promise<number> => {
  const { models, defaultModel } = await ask<ServerInfo>(stack, `${apiUrl}/api/info`)
  return models.find(({ name }) => name === defaultModel)?.priceUsd['1K'] ?? Number.NaN
}

const readAnalytics = async (stack: Stack, apiUrl: string): Promise<number> => {
  const { figures } = await ask<AnalyticsSummary>(stack, `${apiUrl}/api/analytics/summary`)
  return Math.round(figures.spendUsd * NANO)
}

const comparePictures = async ({ db, env }: Stack) => {
  const folder = join(env.DATA_DIR ?? '', 'images')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const keys = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
  const images = await db.selectFrom('imageMetadata').select(['id', 'objectKey']).execute()
  const generations = await db
    .selectFrom('generations')
    .select(['status', 'imageId', 'objectKey'])
    .execute()
  const inStore = new Set(keys)
  const keyOfImage = new Map(images.map(({ id, objectKey }) => [id, objectKey]))
  const referenced = new Set(images.map(({ objectKey }) => objectKey))
  // What was paid for and canceled meanwhile is adopted by who asks again.
  const kept = new Set(generations.map(({ objectKey }) => objectKey))
  return {
    succeededWithoutObject: generations.filter(
      ({ status, imageId }) =>
        status === 'succeeded' && !inStore.has(keyOfImage.get(imageId ?? '') ?? ''),
    ).length,
    orphanObjects: keys.filter((key) => !referenced.has(key) && !kept.has(key)),
    keptObjects: keys.filter((key) => !referenced.has(key) && kept.has(key)).length,
  }
}
