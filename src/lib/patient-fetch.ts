import { AsyncLocalStorage } from 'node:async_hooks'

type Watch = { onHeaders: ((headers: Headers) => void) | undefined }

const watching = new AsyncLocalStorage<Watch>()

/**
 * Runs `send`, an SDK's call, whose fetch waits for an answer as long as its signal lets it (Node's gives one up that does not begin in
 * 5 minutes), and tells `onHeaders` the headers of each answer, which an SDK may drop.
 */
export const withPatientFetch = <T>(
  send: () => Promise<T>,
  onHeaders?: (headers: Headers) => void,
): Promise<T> => watching.run({ onHeaders }, send)

// An SDK calls the global one, and takes no other.
const plainFetch = globalThis.fetch
globalThis.fetch = async (input, init) => {
  const watch = watching.getStore()
  if (!watch) return plainFetch(input, init)
  const response = await plainFetch(input, { ...init, ...(await findPatience()) })
  watch.onHeaders?.(response.headers)
  return response
}

type Dispatcher = NonNullable<RequestInit['dispatcher']>
type AgentClass = new (options: { headersTimeout: number; bodyTimeout: number }) => Dispatcher
type Known = Record<symbol, { constructor: AgentClass } | undefined>

/** Where undici, which Node's fetch is made of, keeps the agent that it uses (undici, lib/global.js). */
const GLOBAL_AGENT = Symbol.for('undici.globalDispatcher.1')

let patient: Dispatcher | undefined

/** An agent without time limits. Node gives the class of one only by way of its own, which is there after a fetch. */
const findPatience = async (): Promise<Pick<RequestInit, 'dispatcher'>> => {
  if (!patient) {
    await plainFetch('data:,')
    const own = (globalThis as unknown as Known)[GLOBAL_AGENT]
    patient ??= own && new own.constructor({ headersTimeout: 0, bodyTimeout: 0 })
  }
  return patient ? { dispatcher: patient } : {}
}
