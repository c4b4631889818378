import { AsyncLocalStorage } from 'node:async_hooks'

const isWithout = new AsyncLocalStorage<true>()

/**
 * Runs `send`, whose fetch answers a redirect as it came. Fetch would follow it, and take along every header but `Authorization` and
 * cookies: a key in one of its own, and the prompt, would go to whoever is named there. For SDKs that can't be told.
 */
export const withoutRedirects = <T>(send: () => Promise<T>): Promise<T> => isWithout.run(true, send)

// An SDK calls the global one, and takes no other.
const followingFetch = globalThis.fetch
globalThis.fetch = (input, init) =>
  followingFetch(input, isWithout.getStore() ? { ...init, redirect: 'manual' } : init)
