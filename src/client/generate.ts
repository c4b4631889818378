import type { Generation, Submitted } from '../contract/generation.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import { normalizePrompt } from '../contract/identity.ts'
import { DEFAULT_IMAGE_SIZE, MAX_PICTURES } from '../contract/limits.ts'
import { isTerminal } from '../contract/status.ts'
import { ImageonceError } from './error.ts'
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
  /** Hears of each state, from the submission's answer on; of several pictures of each one's, told apart by `number` and `id`. */
  onState?: (generation: Generation) => void
  /** Reject with an `ImageonceError` where it would resolve with a failure, of any of several pictures. */
  throwOnFailure?: boolean
}

/** As many results as pictures were asked for. */
export type SeveralResults = GenerationResult & { generations: GenerationResult[] }

type Generate = {
  (
    request: GenerationRequestInput & { n: number },
    options?: GenerateOptions,
  ): Promise<SeveralResults>
  (request: GenerationRequestInput, options?: GenerateOptions): Promise<GenerationResult>
}

type GenerateDeps = {
  transport: Transport
  follow: (id: string, options: FollowOptions) => Promise<Generation>
  remember: (generation: Generation) => void
  log: LogTelemetry
}

/** Asks for an image, or for several, sharing one request among identical calls of the same moment. */
export const createGenerate = ({ transport, follow, remember, log }: GenerateDeps): Generate => {
  /** The works of each picture that was asked for at once. */
  const underWay = new Map<string, Work[]>()

  const start = (key: string, request: GenerationRequestInput): Work[] => {
    let submitting: Promise<Submitted> | undefined
    const { outputFormat } = request
    const works: Work[] = Array.from({ length: countPictures(request) }, (_, place) =>
      startWork({
        submit: async (signal) => {
          submitting ??= submit(transport, request, signal)
          return pick(await submitting, place)
        },
        follow: (id, options) => follow(id, { ...options, outputFormat }),
        onOver: () => {
          const isPartOver = isDone(works[place]) && !works.every(isDone)
          if (!isPartOver && underWay.get(key) === works) underWay.delete(key)
        },
      }),
    )
    underWay.set(key, works)
    return works
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

  const count = async (settling: Promise<GenerationResult>, isJoined: boolean) => {
    const startedAt = performance.now()
    if (!isJoined) log('generation_started', {})
    const result = await settling
    const isReused = isJoined || result.isExisting
    if (findFailure(result)) log('generation_failed', measure(result, startedAt))
    else if (isReused) {
      log('generation_skipped', measure(result, startedAt, isJoined ? 'client' : undefined))
    } else if (result.status === 'succeeded')
      log('generation_completed', measure(result, startedAt))
    return result
  }

  const generate = async (
    request: GenerationRequestInput,
    options: GenerateOptions = {},
  ): Promise<GenerationResult> => {
    options.signal?.throwIfAborted()
    const key = describeIdentity(request)
    const joined = underWay.get(key)
    const works = joined ?? start(key, request)
    const generations = await Promise.all(
      works.map((work) => count(settle(work, request, options), joined !== undefined)),
    )
    const failure = generations.map(findFailure).find((each) => each)
    if (failure && options.throwOnFailure) throw failure
    const [first] = generations as [GenerationResult]
    return request.n === undefined ? first : { ...first, generations }
  }
  return generate as Generate
}

/** One where it says nothing that the server would take: the answer is its refusal. */
const countPictures = ({ n = 1 }: GenerationRequestInput): number =>
  Number.isInteger(n) && n >= 1 && n <= MAX_PICTURES ? n : 1

const isDone = (work: Work | undefined): boolean => {
  const newest = work?.newest()
  return newest !== undefined && isTerminal(newest.status)
}

/** The generation of one place in the answer to a request. */
const pick = ({ generations, ...first }: Submitted, place: number): Generation => {
  const generation = place === 0 ? first : generations?.[place]
  if (generation) return generation
  throw new ImageonceError('bad_answer', 'The answer has fewer pictures than were asked for.')
}

/** Safe to repeat: its key makes all tries one submission. */
const submit = (transport: Transport, request: GenerationRequestInput, signal: AbortSignal) =>
  transport.send<Submitted>('/api/visualize/generate', {
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
