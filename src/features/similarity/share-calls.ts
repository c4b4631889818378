type Call<T> = { result: Promise<T>; waiting: number; stop: AbortController }

/**
 * Makes one call of all those that are made for the same key at the same time. Each waits by a signal of its own; the call
 * is aborted once nobody waits for it any more.
 */
export const createSharedCalls = <T>() => {
  const calls = new Map<string, Call<T>>()

  const start = (key: string, run: (signal: AbortSignal) => Promise<T>): Call<T> => {
    const stop = new AbortController()
    const call = { result: run(stop.signal), waiting: 0, stop }
    calls.set(key, call)
    return call
  }

  return async (
    key: string,
    run: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    signal.throwIfAborted()
    const call = calls.get(key) ?? start(key, run)
    call.waiting++
    try {
      return await untilAborted(call.result, signal)
    } finally {
      call.waiting--
      if (call.waiting === 0) {
        if (calls.get(key) === call) calls.delete(key)
        call.stop.abort()
      }
    }
  }
}

const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    const stopListening = () => signal.removeEventListener('abort', abort)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(stopListening)
  })
