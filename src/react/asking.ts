import type { ImageonceClient } from '../client/client.ts'
import type { GenerationResult } from '../client/result.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import { isTerminal } from '../contract/status.ts'

/**
 * A request as a component declares it, time and again: what buys a new picture each time is an event's to say. Of several pictures
 * each has a component, and a `variant`.
 */
export type DeclaredRequest = Omit<GenerationRequestInput, 'skipExistingCheck' | 'n'>

export type GenerationState = {
  /** The newest state; absent before the first answer. */
  generation: GenerationResult | undefined
  /** The newest state that had its picture; another one that is being made, or fails, does not take it away. */
  picture: GenerationResult | undefined
  /** True until it has ended, also before it is asked for. */
  isPending: boolean
  /** Why there is no picture. `retryable` says whether asking again may help. */
  error: GenerationResult['error'] | undefined
}

export type Asking = ReturnType<typeof createAsking>

type AskingOptions = {
  client: ImageonceClient | undefined
  /** Null asks for nothing. */
  request: DeclaredRequest | null
  /** What is known of it already, as from a server. */
  initial: GenerationResult | undefined
}

/**
 * Asks for a picture once somebody listens, and stops following it once nobody does. An effect that React runs twice leaves and
 * comes back in one go, which stops nothing.
 */
export const createAsking = ({ client, request, initial }: AskingOptions) => {
  if (!client && request && !isSettled(initial)) throw new Error(NO_CLIENT)
  let state = describeStart(request, initial)
  let isAsked = !request || isSettled(initial)
  let following: AbortController | undefined
  let leaving: ReturnType<typeof setTimeout> | undefined
  const listeners = new Set<() => void>()

  const set = (next: Partial<GenerationState>): void => {
    state = { ...state, ...next }
    for (const listener of listeners) listener()
  }

  const show = (generation: GenerationResult): void => {
    const hasPicture = generation.status === 'succeeded' && !generation.error
    set({
      generation,
      ...(hasPicture && { picture: generation }),
      isPending: !generation.error && !isTerminal(generation.status),
      error: generation.error,
    })
  }

  const ask = async (asked: GenerationRequestInput): Promise<void> => {
    if (!client) throw new Error(NO_CLIENT)
    isAsked = true
    following?.abort()
    const mine = new AbortController()
    following = mine
    const unlessLeft = (generation: GenerationResult) => {
      if (!mine.signal.aborted) show(generation)
    }
    set({ isPending: true, error: undefined })
    // It resolves whatever happens, and rejects once it is left.
    const { signal } = mine
    await client.generate(asked, { signal, onState: unlessLeft }).then(unlessLeft, () => {})
  }

  const stop = (): void => {
    if (!state.isPending) return
    following?.abort()
    isAsked = false
  }

  return {
    getState: (): GenerationState => state,
    subscribe: (listener: () => void): (() => void) => {
      clearTimeout(leaving)
      listeners.add(listener)
      if (request && !isAsked) void ask(request)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) leaving = setTimeout(stop)
      }
    },
    /** Asks for the same again, as after a failure; not while it is asked for. */
    retry: (): void => {
      if (request && !state.isPending) void ask(request)
    },
    /**
     * Pays for another picture of the same request, which is the picture of it from then on; not while one is asked for. For what a
     * person does, never for an effect.
     */
    another: (): void => {
      if (request && !state.isPending) void ask({ ...request, skipExistingCheck: true })
    },
  }
}

const NO_CLIENT =
  'useGeneration needs a client: put <ImageonceProvider client={…}> above it, or give it one as its option.'

/** Ended on the server's word; a server that could not be reached is asked again. */
const isSettled = (generation: GenerationResult | undefined): boolean =>
  generation?.id !== undefined && isTerminal(generation.status)

const describeStart = (
  request: DeclaredRequest | null,
  initial: GenerationResult | undefined,
): GenerationState => ({
  generation: initial,
  picture: initial?.status === 'succeeded' ? initial : undefined,
  isPending: request !== null && !isSettled(initial),
  error: isSettled(initial) ? initial?.error : undefined,
})
