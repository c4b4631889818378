import { ImageonceError } from './error.ts'

/** The bearer token, or a function that gives one; empty for none. */
export type TokenSource = string | (() => string | Promise<string>)

/** What names the caller: nothing where a session does. */
export const authorize = (token: string): Record<string, string> =>
  token ? { Authorization: `Bearer ${token}` } : {}

/** Remembers a token until it is refused. */
export const createTokens = (source: TokenSource) => {
  let current: Promise<string> | undefined
  const ask = (): Promise<string> => {
    const asked = Promise.resolve()
      .then(() => (typeof source === 'function' ? source() : source))
      .catch((cause) => {
        current = undefined
        throw new ImageonceError('unauthenticated', 'No token could be had.', {
          status: 401,
          cause,
        })
      })
    current = asked
    return asked
  }
  const get = (): Promise<string> => current ?? ask()
  return {
    get,
    /** Another token than the one that was refused, if there is one. Calls of the same moment ask once. */
    renew: async (refused: string): Promise<string> => {
      if ((await get()) !== refused) return get()
      return typeof source === 'function' ? ask() : refused
    },
  }
}
