/** An app's use of the whole public API: it need only compile, here and against the built package. */
import {
  type AnalyticsSummary,
  createImageIdempotencyKey,
  createImageonceClient,
  extractImageMetadata,
  type Generation,
  type GenerationRequestInput,
  type GenerationResult,
  type Image,
  type ImageMetadata,
  type ImageonceClient,
  ImageonceError,
  isValidImageUrl,
  logImageGenerationTelemetry,
  type SavedItem,
  type SeveralResults,
  type SimilarImage,
  type Spending,
  shouldSkipImageGeneration,
} from '../../src/client.ts'

type Saved = { prompt: string; imageUrl?: string; metadata?: ImageMetadata }

const client: ImageonceClient = createImageonceClient({
  baseUrl: 'https://images.example',
  token: async () => (await fetch('/token')).text(),
  timeouts: { giveUpMs: 5_000 },
})
createImageonceClient({ baseUrl: '', token: 'fixed', fetch, telemetry: false })
createImageonceClient({ baseUrl: '' })

export const illustrate = async (page: Saved, signal: AbortSignal): Promise<Saved> => {
  if (shouldSkipImageGeneration(page.imageUrl)) {
    logImageGenerationTelemetry('generation_skipped', { source: 'client' })
    return page
  }
  const result: GenerationResult = await client.generate(
    { prompt: page.prompt, aspectRatio: '16:9', imageSize: '2K', lane: 'eager', variant: 'dark' },
    { wait: 10_000, signal, onState: ({ status }) => status satisfies Generation['status'] },
  )
  if (result.error) result.error.code satisfies string
  const shown: string = result.imageUrl
  return { ...page, imageUrl: shown, metadata: extractImageMetadata(result) }
}

export const chooseSimilar = async (prompt: string): Promise<string> => {
  const result = await client.generate({ prompt, similarity: 'reuse' })
  const [best]: SimilarImage[] = result.similar ?? []
  if (best && !best.passes) return best.reasons.join()
  const other: string | undefined = result.reuse?.prompt
  if (!other || !result.id) return result.imageUrl
  await client.sendFeedback(result.id, { accepted: other.length < 100 })
  // @ts-expect-error There is no such mode.
  await client.generate({ prompt, similarity: 'always' })
  return (await client.generate({ prompt, declineSimilar: true })).imageUrl
}

export const keep = async ({ prompt, imageUrl }: Saved): Promise<void> => {
  const { create, get, list, update, remove } = client.savedItems
  const { id } = await create({ id: 'post-1', prompt, imageUrl, data: { likes: 1 } })
  const changed: SavedItem = await update(id, { title: 'Boat', variant: null })
  const { items, nextCursor } = await list({ limit: 10, cursor: null })
  await list({ cursor: nextCursor })
  const shown: string | undefined = (await get(items[0]?.id ?? changed.id)).imageUrl
  await remove(id, { signal: AbortSignal.timeout(1_000) })
  // @ts-expect-error There is no such field.
  await update(id, { titel: shown })
}

export const makeSeveral = async (files: Blob[], n: number | undefined): Promise<string[]> => {
  const images = await Promise.all(files.map((file) => client.upload(file)))
  const request: GenerationRequestInput = {
    prompt: 'all of them',
    conditionImages: images.map(({ id }) => id),
    turns: [{ role: 'model', text: 'Which ones?' }],
    seed: 7,
    negativePrompt: 'a dog',
    thinkingLevel: 'low',
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    outputFormat: 'webp',
  }
  const { generations, imageUrl }: SeveralResults = await client.generate({ ...request, n: 3 })
  const said: (string | undefined)[] = generations.map((each) => each.said)
  const perhaps = await client.generate({ ...request, n })
  // @ts-expect-error There is a list only where a number was asked for.
  perhaps.generations.length satisfies number
  await createImageIdempotencyKey({
    owner: 'alice',
    prompt: request.prompt,
    provider: 'gemini',
    model: 'gemini-nano-banana-2.1',
    conditionImageDigests: images.map(({ digest }) => digest ?? ''),
    turns: [{ role: 'model', text: 'Which ones?', imageDigests: [] }],
    seed: 7,
    number: 2,
  })
  // @ts-expect-error There is no such format.
  await client.generate({ prompt: said.join(), outputFormat: 'gif' })
  return [imageUrl, ...(perhaps.generations ?? [perhaps]).map((each) => each.imageUrl)]
}

export const others = async (file: Blob, url: unknown): Promise<void> => {
  const { figures }: AnalyticsSummary = await client.summary({ days: 1 })
  figures.paidCalls satisfies number
  const { sums }: Spending = await client.spending()
  sums[0]?.limitUsd satisfies number | null | undefined
  const upload: Image = await client.upload(file)
  await client.upload(new Uint8Array(8), { type: 'image/png' })
  const request = {
    prompt: 'better',
    conditionImage: upload.id,
    transformation: 'enhance',
  } as const
  const { id } = await client.generate(request, { throwOnFailure: true })
  if (id === undefined) return
  const stop: () => void = client.subscribe(id, ({ urls }) => urls.image, { onError: () => {} })
  stop()
  const url1: string = await client.imageUrl(id)
  const { generations, nextCursor } = await client.list({ status: 'succeeded', limit: 10 })
  await client.list({ cursor: nextCursor, from: '2026-11-22T07:53:32Z', model: 'a-model' })
  const canceled: Generation = await client.cancel(generations[0]?.id ?? id)
  await client.get(canceled.id).catch((error: unknown) => {
    if (error instanceof ImageonceError) return error.retryable satisfies boolean
    throw error
  })
  if (isValidImageUrl(url)) url satisfies string
  const key: string = await createImageIdempotencyKey({
    owner: 'alice',
    prompt: 'a red bicycle',
    provider: 'gemini',
    model: 'gemini-nano-banana-2.1',
  })
  // @ts-expect-error There is no such field.
  await client.generate({ prompt: url1, promt: key })
}
