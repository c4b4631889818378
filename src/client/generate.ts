import type { Generation } from '../contract/generation.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import { normalizePrompt } from '../contract/identity.ts'
import { DEFAULT_IMAGE_SIZE } from '../contract/limits.ts'
import type { FollowOptions } from './follow.ts'
import { createRandomId } from './random-id.ts'
import { describeFailure, findFailure, type GenerationResult } from './result.ts'
import type { LogTelemetry } from './telemetry.ts'
import type { Transport } from './transport.ts'
import { startWork, type Work } from './work.ts'

export type GenerateOptions = {
  /**
   * Milliseconds after which it resolves with the state there is. 0: as soon as the server has accepted. Without it:
   * when the generation has ended.
   */
  wait?: number
  /** Ends the wait, which then rejects with the signal's reason. The generation itself goes on: see `cancel`. */
  signal?: AbortSignal | undefined
  /** Hears of each state, from the submission's answer on. */
  onState?: (generation: Generation) => void
  /** Reject with an `ImageonceError` where it would resolve with a failure. */
  throwOnFailure?: boolean
}

type GenerateDeps = {
  transport: Transport
  follow: (id: string, options: FollowOptions) => Promise<Generation>
  remember: (generation: Generation) => void
  log: LogTelemetry
}

/** Asks for an image, sharing one request among identical calls of the same moment. */
export const createGenerate = ({ transport, follow, remember, log }: GenerateDeps) => {
  const underWay = new Map<string, Work>()

  const start = (key: string, request: GenerationRequestInput): Work => {
    const work = startWork({
      submit: (signal) => submit(transport, request, signal),
      follow,
      onOver: () => {
        if (underWay.get(key) === work) underWay.delete(key)
      },
    })
    underWay.set(key, work)
    return work
  }

  const settle = async (
    work: Work,
    request: GenerationRequestInput,
    { wait, signal, onState }: GenerateOptions,
  ): Promise<GenerationResult> => {
    try {
      const listen = (generation: Generation) => {
        remember(generation)
        onState?.(generation)
      }
      return await work.join({ waitMs: wait, signal, onState: listen })
    } catch (error) {
      signal?.throwIfAborted()
      return describeFailure(request, work.newest(), error)
    }
  }

  return async (
    request: GenerationRequestInput,
    options: GenerateOptions = {},
  ): Promise<GenerationResult> => {
    options.signal?.throwIfAborted()
    const startedAt = performance.now()
    const key = describeIdentity(request)
    const joined = underWay.get(key)
    if (!joined) log('generation_started', {})
    const result = await settle(joined ?? start(key, request), request, options)
    const failure = findFailure(result)
    const isReused = joined || result.isExisting
    if (failure) log('generation_failed', measure(result, startedAt))
    else if (isReused) log('generation_skipped', measure(result, startedAt, joined && 'client'))
    else if (result.status === 'succeeded') log('generation_completed', measure(result, startedAt))
    if (failure && options.throwOnFailure) throw failure
    return result
  }
}

/** Safe to repeat: its key makes all tries one submission. */
const submit = (transport: Transport, request: GenerationRequestInput, signal: AbortSignal) =>
  transport.send<Generation>('/api/visualize/generate', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': createRandomId() },
    body: JSON.stringify(request),
    signal,
  })

/**
 * Equal for calls that want the same image in the same lane. It need not be the generation's id, which takes an owner and
 * a default model that only the server knows.
 */
const describeIdentity = ({
  prompt,
  conditionImage,
  conditionImages = conditionImage === undefined ? [] : [conditionImage],
  ...others
}: GenerationRequestInput): string => {
  const said = Object.entries({ ...UNSAID, ...JSON.parse(JSON.stringify(others)) })
  return JSON.stringify([
    normalizePrompt(String(prompt)),
    conditionImages,
    said.sort(([a], [b]) => (a < b ? -1 : 1)),
  ])
}

/** What means the same as saying nothing. */
const UNSAID = {
  transformation: 'generate',
  imageSize: DEFAULT_IMAGE_SIZE,
  lane: 'interactive',
  skipExistingCheck: false,
  declineSimilar: false,
} satisfies Partial<GenerationRequestInput>

const measure = (
  { id, reuse }: GenerationResult,
  startedAt: number,
  source: string | undefined = reuse?.source,
) => ({ generationId: id, durationMs: Math.round(performance.now() - startedAt), source })
