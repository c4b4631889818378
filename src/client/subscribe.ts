import type { Generation } from '../contract/generation.ts'
import type { FollowOptions } from './follow.ts'
import { callSafely } from './work.ts'

export type SubscribeOptions = {
  signal?: AbortSignal | undefined
  /** Hears why it had to end before the generation did: it is unknown, or the token is refused. */
  onError?: (error: unknown) => void
}

/** Follows one generation through every outage, until its end or until it is stopped. */
export const createSubscribe =
  (
    follow: (id: string, options: FollowOptions) => Promise<Generation>,
    remember: (generation: Generation) => void,
  ) =>
  (
    id: string,
    listener: (generation: Generation) => void,
    { signal, onError }: SubscribeOptions = {},
  ): (() => void) => {
    const controller = new AbortController()
    const stop = () => controller.abort()
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop)
    const onState = (generation: Generation) => {
      remember(generation)
      if (!controller.signal.aborted) callSafely(listener, generation)
    }
    follow(id, { signal: controller.signal, onState, giveUpMs: Number.POSITIVE_INFINITY })
      .catch((error: unknown) => {
        if (!controller.signal.aborted) callSafely(onError, error)
      })
      .finally(() => signal?.removeEventListener('abort', stop))
    return stop
  }
