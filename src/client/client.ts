import type { AnalyticsSummary } from '../contract/analytics.ts'
import type { Explanation } from '../contract/explanation.ts'
import type { Generation } from '../contract/generation.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import { isGenerationId } from '../contract/identity.ts'
import type { Image } from '../contract/image.ts'
import type { Receipt } from '../contract/receipt.ts'
import type { Feedback } from '../contract/similarity.ts'
import type { Spending } from '../contract/spending.ts'
import type { GenerationStatus } from '../contract/status.ts'
import { ImageonceError } from './error.ts'
import { createFollow } from './follow.ts'
import { createGenerate } from './generate.ts'
import { rememberImageUrls } from './image-urls.ts'
import { toJsonCall } from './json-call.ts'
import { type PageOptions, toQuery } from './query.ts'
import { createSavedItems } from './saved-items.ts'
import { createSubscribe } from './subscribe.ts'
import { logImageGenerationTelemetry, sendTelemetryWith } from './telemetry.ts'
import { createTelemetrySender } from './telemetry-sender.ts'
import type { TokenSource } from './token.ts'
import { type CallOptions, createTransport, type Timeouts } from './transport.ts'
import { createUpload } from './upload.ts'

export type ImageonceClientOptions = {
  /** Where the server is, as in `https://images.example`. */
  baseUrl: string
  /**
   * Asked for the first time when it is needed, and again after it was refused. Left out on the server's own pages: there a
   * session says who calls.
   */
  token?: TokenSource
  /** Whom a key acts for that acts on behalf of owners: back ends have a client for each. */
  owner?: string
  fetch?: typeof globalThis.fetch
  /** In milliseconds; 15 s for an answer, 40 s of silence in a stream, 30 s for a server that cannot be reached. */
  timeouts?: Partial<Timeouts>
  /** False: send the server no figures of what became of the images that were wanted. */
  telemetry?: boolean
}

export type ListOptions = PageOptions & {
  status?: GenerationStatus | undefined
  model?: string | undefined
  /** Those that were asked for from then on, and before then: times as in `2026-11-22T07:53:32Z`. */
  from?: string | undefined
  to?: string | undefined
}
export type SummaryOptions = CallOptions & {
  /** So many UTC days, the last of them today; 7 unless given. */
  days?: number
  /** An operator reads of all owners together unless this names one. */
  owner?: string
}
export type GenerationPage = { generations: Generation[]; nextCursor: string | null }

export type ImageonceClient = ReturnType<typeof createImageonceClient>

/** Speaks to an imageonce server, from a browser or from Node. Where it says so, calls throw `ImageonceError`. */
export const createImageonceClient = (options: ImageonceClientOptions) => {
  const { owner } = options
  const plainFetch: typeof globalThis.fetch =
    options.fetch ?? ((...request) => globalThis.fetch(...request))
  const fetch = owner === undefined ? plainFetch : fetchFor(owner, plainFetch)
  const transport = createTransport({
    baseUrl: options.baseUrl,
    token: options.token ?? '',
    fetch,
    timeouts: { requestMs: 15_000, silenceMs: 40_000, giveUpMs: 30_000, ...options.timeouts },
  })
  const { remember, findUrl } = rememberImageUrls()
  const isTelling = options.telemetry !== false
  if (isTelling) sendTelemetryWith(createTelemetrySender(transport, fetch))
  const follow = createFollow(transport)

  const get = async (id: string, { signal }: CallOptions = {}): Promise<Generation> =>
    remember(await transport.send<Generation>(pathOf(id), { signal }))

  const explain = (
    request: GenerationRequestInput,
    { signal }: CallOptions = {},
  ): Promise<Explanation> =>
    transport.send('/api/visualize/explain', { ...toJsonCall('POST', request), signal })

  const cancel = async (id: string, { signal }: CallOptions = {}): Promise<Generation> => {
    try {
      const call = { method: 'POST', signal } as const
      return remember(await transport.send<Generation>(`${pathOf(id)}/cancel`, call))
    } catch (error) {
      // The answer to a first try may have been lost on its way.
      if (!(error instanceof ImageonceError) || error.code !== 'already_finished') throw error
      const generation = await get(id, { signal })
      if (generation.status === 'canceled') return generation
      throw error
    }
  }

  const sendFeedback = async (
    id: string,
    feedback: Feedback,
    { signal }: CallOptions = {},
  ): Promise<void> => {
    await transport.send(`${pathOf(id)}/feedback`, { ...toJsonCall('POST', feedback), signal })
  }

  const list = async ({ signal, ...query }: ListOptions = {}): Promise<GenerationPage> => {
    const path = `/api/generations${toQuery(query)}`
    const page = await transport.send<GenerationPage>(path, { signal })
    page.generations.forEach(remember)
    return page
  }

  const receipt = async (id: string, { signal, ...query }: PageOptions = {}): Promise<Receipt> => {
    const path = `/api/images/${encodeURIComponent(id)}/receipt${toQuery(query)}`
    const found = await transport.send<Receipt>(path, { signal })
    remember(found.generation)
    return found
  }

  const summary = ({ signal, ...query }: SummaryOptions = {}): Promise<AnalyticsSummary> =>
    transport.send(`/api/analytics/summary${toQuery(query)}`, { signal })

  const spending = ({ signal }: CallOptions = {}): Promise<Spending> =>
    transport.send('/api/spending', { signal })

  const imageUrl = async (id: string, options: CallOptions = {}): Promise<string> => {
    const known = findUrl(id)
    if (known || isGenerationId(id)) return known ?? (await get(id, options)).urls.image
    throw new ImageonceError('not_found', 'No answer so far has had an image of this id.')
  }

  return {
    /**
     * Asks for an image and waits for it. Resolves whatever happens: a failure has `isPlaceholder: true` and an `error`.
     * Rejects with the signal's reason, and with `throwOnFailure`.
     */
    generate: createGenerate({
      transport,
      follow,
      remember,
      log: isTelling ? logImageGenerationTelemetry : () => {},
    }),
    /** The generation. Throws `ImageonceError`. */
    get,
    /**
     * What a request would do and cost at this moment, without doing it. What would refuse it is told (`would: 'refuse'`); throws
     * `ImageonceError` for what is no request, or when nobody can tell.
     */
    explain,
    /** Calls `listener` with each state up to the last one, for as long as that takes. Returns the way to stop. */
    subscribe: createSubscribe(follow, remember),
    /** Cancels it; one that is canceled already is as well. Throws `ImageonceError`. */
    cancel,
    /**
     * Says whether the similar image that a generation was answered with, or would have been, is the right one. What is said
     * last counts. Throws `ImageonceError`.
     */
    sendFeedback,
    /** A page of the owner's generations, newest first. Throws `ImageonceError`. */
    list,
    /** What an image cost, what that answered, and every asking for it, newest first. Throws `ImageonceError`. */
    receipt,
    /** Stores a png, jpeg or webp as an image of the owner's. Throws `ImageonceError`. */
    upload: createUpload(transport, (image: Image) => remember(image)),
    /** The URL that always works, out of an earlier answer, else from the server. Throws `ImageonceError`. */
    imageUrl,
    /** What the owner has saved, each item with an image that is made before anybody looks. */
    savedItems: createSavedItems(transport),
    /** What the owner's images cost, and what was not paid again, as the server counts. Throws `ImageonceError`. */
    summary,
    /** What is spent this UTC day and month, and what may be. Throws `ImageonceError`. */
    spending,
  }
}

const pathOf = (id: string): string => `/api/generations/${encodeURIComponent(id)}`

/** A header holds Latin-1 at most, so what is beyond goes as it does in URLs. */
const fetchFor =
  (owner: string, fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
  (input, init) => {
    const named = { 'Imageonce-Owner': encodeURIComponent(owner) }
    return fetch(input, { ...init, headers: { ...(init?.headers as object), ...named } })
  }
