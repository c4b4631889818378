import { z } from 'zod'
import type { ProviderRequest, ProviderResult } from '../../generation/ports.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { createReadAnswer } from './gemini.ts'
import { createGeminiFiles } from './gemini-files.ts'
import { createGeminiPrices } from './gemini-prices.ts'
import { toGeminiRequest } from './gemini-request.ts'
import { createGeminiRest, type GeminiRestConfig, isAbsent, StatusError } from './gemini-rest.ts'
import { findEntry, type PriceTable } from './price-table.ts'
import { createProviderError } from './provider-error.ts'

/** A batch job as the provider has it. */
export type RemoteBatch = {
  /** `batches/…` */
  name: string
  displayName: string | undefined
  state: 'pending' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'expired'
  /** Where the results are, once there are any. */
  responsesFile: string | undefined
}

/** A line of the results. `key` is missing where the line can't be read, or has none. */
export type ResultLine = {
  key: string | undefined
  /** What it brings and costs for the request of that key. Throws `ProviderError`. */
  readAnswer: (request: Pick<ProviderRequest, 'model' | 'imageSize' | 'prompt'>) => ProviderResult
}

export type GeminiBatches = ReturnType<typeof createGeminiBatches>

/**
 * Batch jobs of the Gemini API (ai.google.dev/api/batch-mode): a file of requests goes up, and a file of results comes down, each line
 * by itself. All throw `ProviderError`, or the signal's reason.
 */
export const createGeminiBatches = (config: GeminiRestConfig & { prices: PriceTable }) => {
  const rest = createGeminiRest(config)
  const files = createGeminiFiles(rest)
  const prices = createGeminiPrices(config.prices)
  const readAnswer = createReadAnswer(config.prices)

  return {
    name: 'gemini' as const,
    account: rest.account,
    /** What one image may cost in a batch. */
    estimateNanoUsd: (model: string, imageSize: ProviderRequest['imageSize']): NanoUsd =>
      prices.estimateCall(model, imageSize, 'batch'),
    /** Whether a model is known to be had in batches. */
    isOffered: (model: string): boolean =>
      findEntry(config.prices.models, model)?.tiers?.batch !== undefined,
    writeLine: (key: string, request: ProviderRequest): string =>
      JSON.stringify({ key, request: toGeminiRequest(request) }),

    /** Has the requests of a batch at the provider; safe to repeat. */
    upload: (id: string, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> =>
      files.upload(inputFileOf(id), lines, signal),

    /** Not safe to repeat: each time is another batch, and is paid for. */
    create: async (id: string, model: string, signal: AbortSignal): Promise<RemoteBatch> => {
      const json = { batch: { displayName: id, inputConfig: { fileName: inputFileOf(id) } } }
      const path = `v1beta/models/${encodeURIComponent(model.replace(/^models\//, ''))}:batchGenerateContent`
      const answer = await rest.call(path, { method: 'POST', json, model }, signal)
      return parseBatch(answer.json)
    },

    /** All batches of this name that the provider knows. */
    findAll: async (id: string, signal: AbortSignal): Promise<RemoteBatch[]> => {
      const found: RemoteBatch[] = []
      for (let token = ''; ; ) {
        const query = new URLSearchParams({ pageSize: '100', ...(token && { pageToken: token }) })
        const { json } = await rest.call(`v1beta/batches?${query}`, {}, signal)
        const page = pageSchema.parse(json)
        // One that can't be read is another's.
        const batches = (page.operations ?? []).flatMap(
          (each) => remoteSchema.safeParse(each).data ?? [],
        )
        found.push(...batches.map(describeBatch).filter(({ displayName }) => displayName === id))
        if (!page.nextPageToken || page.nextPageToken === token) return found
        token = page.nextPageToken
      }
    },

    /** Undefined for one that the provider has not. */
    find: async (name: string, signal: AbortSignal): Promise<RemoteBatch | undefined> => {
      try {
        const { json } = await rest.call(`v1beta/${name}`, {}, signal)
        return parseBatch(json)
      } catch (error) {
        if (hasStatus(error, 404)) return undefined
        throw error
      }
    },

    /** Asks for its end, which `find` tells. One that has ended, or is not there, is left as it is. */
    cancel: (name: string, signal: AbortSignal): Promise<void> =>
      unless(isOver, rest.call(`v1beta/${name}:cancel`, { method: 'POST', json: {} }, signal)),

    /** Deletes it with its requests and results; safe to repeat. */
    remove: async (
      { id, remoteName, responsesFile }: RemoteFiles,
      signal: AbortSignal,
    ): Promise<void> => {
      await files.remove(inputFileOf(id), signal)
      if (responsesFile) await unless(isOver, files.remove(responsesFile, signal))
      if (remoteName) {
        await unless(isOver, rest.call(`v1beta/${remoteName}`, { method: 'DELETE' }, signal))
      }
    },

    /** The results as they come, one line in memory at a time. A file that is gone throws `model_gone`. */
    readResults: async function* (file: string, signal: AbortSignal): AsyncGenerator<ResultLine> {
      for await (const { bytes } of files.readLines(file, signal)) {
        const line = bytes && parseLine(bytes)
        if (bytes && !line && bytes.toString('latin1').trim() === '') continue
        yield {
          key: line?.key ?? undefined,
          // Whatever it says of the traffic, a batch has the price of one.
          readAnswer: (request) => readAnswer(line ? answerOf(line) : {}, request, 'batch'),
        }
      }
    },
  }
}

type RemoteFiles = { id: string; remoteName: string | null; responsesFile: string | null }

/** A name of our own choosing: lower-case letters, digits and dashes, 40 at most. */
const inputFileOf = (id: string): string => `files/${id.replaceAll('_', '-')}`

const remoteSchema = z.object({
  name: z.string().min(1),
  metadata: z
    .object({
      displayName: z.string().nullish(),
      state: z.string().nullish(),
      output: z.object({ responsesFile: z.string().nullish() }).nullish(),
    })
    .nullish(),
  done: z.boolean().nullish(),
  response: z.object({ responsesFile: z.string().nullish() }).nullish(),
})
const pageSchema = z.object({
  operations: z.array(z.unknown()).nullish(),
  nextPageToken: z.string().nullish(),
})

const parseBatch = (json: unknown): RemoteBatch => {
  const parsed = remoteSchema.safeParse(json)
  if (parsed.success) return describeBatch(parsed.data)
  throw createProviderError('ambiguous', 'The image provider says nothing of the batch.')
}

const describeBatch = ({
  name,
  metadata,
  done,
  response,
}: z.output<typeof remoteSchema>): RemoteBatch => {
  // `BATCH_STATE_…` by REST, `JOB_STATE_…` by other ways.
  const word = metadata?.state?.replace(/^(BATCH|JOB)_STATE_/, '') ?? ''
  const state = STATES.get(word) ?? (done ? 'failed' : 'running')
  const responsesFile = metadata?.output?.responsesFile ?? response?.responsesFile
  return {
    name,
    displayName: metadata?.displayName ?? undefined,
    state,
    responsesFile: responsesFile ?? undefined,
  }
}

const STATES = new Map<string, RemoteBatch['state']>([
  ['PENDING', 'pending'],
  ['QUEUED', 'pending'],
  ['RUNNING', 'running'],
  ['SUCCEEDED', 'succeeded'],
  ['PARTIALLY_SUCCEEDED', 'succeeded'],
  ['FAILED', 'failed'],
  ['CANCELLED', 'canceled'],
  ['EXPIRED', 'expired'],
])

const lineSchema = z.object({
  key: z.string().nullish(),
  response: z.record(z.string(), z.unknown()).nullish(),
  error: z.unknown().optional(),
  status: z.unknown().optional(),
})

const parseLine = (bytes: Buffer): z.output<typeof lineSchema> | undefined => {
  try {
    return lineSchema.safeParse(JSON.parse(bytes.toString())).data
  } catch {
    return undefined
  }
}

/** As an answer to a single call would say it. */
const answerOf = ({ response, error, status }: z.output<typeof lineSchema>): unknown =>
  response ?? { error: error ?? status ?? {} }

const hasStatus = (error: unknown, ...statuses: number[]): boolean =>
  (error as { cause?: unknown }).cause instanceof StatusError &&
  statuses.includes((error as { cause: StatusError }).cause.status)

/** Gone, or beyond what is asked. */
const isOver = (error: unknown): boolean => isAbsent(error) || hasStatus(error, 400, 404)

const unless = async (isFine: (error: unknown) => boolean, work: Promise<unknown>) => {
  await work.catch((error: unknown) => {
    if (!isFine(error)) throw error
  })
}
