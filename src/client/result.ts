import type { Generation } from '../contract/generation.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import { isTerminal } from '../contract/status.ts'
import { ImageonceError } from './error.ts'
import { drawPlaceholder } from './placeholder.ts'

type Always =
  | 'status'
  | 'imageUrl'
  | 'prompt'
  | 'transformation'
  | 'lane'
  | 'isExisting'
  | 'isConditioned'
  | 'isPlaceholder'

/**
 * A generation as the server answered it; where it never did, what is known without it. `imageUrl` can always be shown;
 * with `isPlaceholder` it is a placeholder, and `error`, if there is one, says why.
 */
export type GenerationResult = Pick<Generation, Always> &
  Partial<Generation> & {
    /** Of a request with `n`: all of its pictures, in order. The result itself is that of the first. */
    generations?: GenerationResult[]
  }

/** The result where there is none from the server, or it can no longer be followed. */
export const describeFailure = (
  request: GenerationRequestInput,
  newest: Generation | undefined,
  failure: unknown,
): GenerationResult => {
  const { code, message, retryable, problem } = toImageonceError(failure)
  return {
    status: 'failed',
    prompt: request.prompt,
    transformation: request.transformation ?? 'generate',
    lane: request.lane ?? 'interactive',
    isExisting: false,
    isConditioned: (request.conditionImage ?? request.conditionImages) !== undefined,
    ...newest,
    imageUrl: problem?.imageUrl ?? drawPlaceholder(request.aspectRatio),
    isPlaceholder: true,
    error: { code, message, retryable },
  }
}

/** The failure in a result, if there is one. */
export const findFailure = ({ status, error }: GenerationResult): ImageonceError | undefined => {
  if (!error && (status === 'succeeded' || !isTerminal(status))) return undefined
  const { code, message, retryable } = error ?? { code: status, message: status, retryable: true }
  return new ImageonceError(code, message, { retryable })
}

const toImageonceError = (failure: unknown): ImageonceError =>
  failure instanceof ImageonceError
    ? failure
    : new ImageonceError('internal', failure instanceof Error ? failure.message : String(failure), {
        cause: failure,
      })
