import { use, useState, useSyncExternalStore } from 'react'
import type { ImageonceClient } from '../client/client.ts'
import type { GenerationResult } from '../client/result.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import { type Asking, createAsking, type DeclaredRequest, type GenerationState } from './asking.ts'
import { useProvidedClient } from './client-context.ts'

export type UseGenerationOptions = {
  /** In the place of the provider's. */
  client?: ImageonceClient | undefined
  /**
   * What is known of it already, as what a server component got from `client.generate`. One that has ended is not asked for again. A
   * promise of it suspends until it is there; it must be the same one on every render.
   */
  initial?: GenerationResult | PromiseLike<GenerationResult> | undefined
}

export type GenerationHandle = GenerationState & Pick<Asking, 'retry' | 'another'>

/**
 * The picture of a request: asked for once the component is there (never while a server renders), followed until it has ended or the
 * component is gone. Equal requests are one, whichever object they are. Null asks for nothing: give it what a person has sent off, not
 * what is being typed, since every other prompt is another picture to pay for.
 */
export const useGeneration = (
  request: DeclaredRequest | null,
  options: UseGenerationOptions = {},
): GenerationHandle => {
  const provided = useProvidedClient()
  const client = options.client ?? provided
  const initial = isPromise(options.initial) ? use(options.initial) : options.initial
  const asking = useAsking(client, request, initial)
  const state = useSyncExternalStore(asking.subscribe, asking.getState, asking.getState)
  return { ...state, retry: asking.retry, another: asking.another }
}

const isPromise = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof (value as Partial<PromiseLike<T>> | undefined)?.then === 'function'

const useAsking = (
  client: ImageonceClient | undefined,
  request: DeclaredRequest | null,
  initial: GenerationResult | undefined,
): Asking => {
  const key = toKey(request)
  const create = () => ({ client, key, asking: createAsking({ client, request, initial }) })
  const [held, setHeld] = useState(create)
  if (held.client === client && held.key === key) return held.asking
  const next = create()
  setHeld(next)
  return next.asking
}

/** Throws where a request would pay each time that it is rendered. */
const toKey = (request: DeclaredRequest | null): string => {
  if (!request) return ''
  if ((request as GenerationRequestInput).skipExistingCheck) {
    throw new Error(
      'A declared request can’t have skipExistingCheck, which would pay for a picture on every mount: call another().',
    )
  }
  const said = Object.entries(request).filter(([, value]) => value !== undefined)
  return JSON.stringify(said.sort(([a], [b]) => (a < b ? -1 : 1)))
}
