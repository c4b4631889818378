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

const IMAGE_USD =
  usageMetadata.promptTokenCount * TEXT_IN_USD + usageMetadata.candidatesTokenCount * IMAGE_OUT_USD

/**
 * The same money in all books, and the same pictures in rows and store. To be read once all have settled, of a stack that keeps its
 * images in files.
 */
export const readBooks = async (stack: Stack, apiUrl: string) => {
  const { db } = stack
  const attempts = await db
    .selectFrom('attempts')
    .select(['costNanoUsd', 'isEstimate', 'outcome', 'mayHaveCharged'])
    .execute()
  const generations = await db.selectFrom('generations').select('costNanoUsd').execute()
  const charged = stack.provider.calls.filter(stack.provider.isCharged)
  const estimates = attempts.filter(({ isEstimate }) => isEstimate).length
  const sent = attempts.filter(wasSent).length
  const cutOff = charged.filter(({ abandoned }) => abandoned).length
  // A call that was cut off while it was on its way may never arrive: it may have, for all that our books know.
  const unseen = clamp(sent - stack.provider.calls.length, estimates - cutOff)
  const listUsd = await readListPriceUsd(stack, apiUrl)
  return {
    attempts: sent - unseen,
    estimates,
    cutOff: cutOff + unseen,
    // An answer may be on its way when its call is cut off: that nobody read what it cost is known by our books alone.
    billNanoUsd: sumNano([
      ...Array(charged.length - estimates + unseen).fill(IMAGE_USD),
      ...Array(estimates).fill(listUsd),
    ]),
    attemptsNanoUsd: sumUp(attempts),
    generationsNanoUsd: sumUp(generations),
    // Without the embeddings, which are no generation's.
    analyticsNanoUsd:
      (await readAnalytics(stack, apiUrl)) -
      sumUp(await db.selectFrom('embeddingCalls').select('costNanoUsd').execute()),
    ...(await comparePictures(stack)),
  }
}

/** One that was given up while its intent was written down costs nothing. */
const wasSent = ({
  outcome,
  mayHaveCharged,
}: {
  outcome: string | null
  mayHaveCharged: boolean
}) => outcome !== 'interrupted' || mayHaveCharged

const sumNano = (amounts: readonly number[]): number =>
  amounts.reduce((sum, usd) => sum + Math.round(usd * NANO), 0)

const sumUp = (paid: readonly { costNanoUsd: number }[]): number =>
  paid.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0)

const clamp = (count: number, max: number): number => Math.max(0, Math.min(count, max))

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
