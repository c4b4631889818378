export type Watchdog = {
  signal: AbortSignal
  /** Starts the time again. */
  expectWithin: (ms: number) => void
  release: () => void
}

/** A signal that aborts with its parent, or with `createReason()` once something is overdue. Release it in the end. */
export const createWatchdog = (
  parent: AbortSignal | undefined,
  createReason: () => unknown,
): Watchdog => {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const follow = () => controller.abort(parent?.reason)
  if (parent?.aborted) follow()
  else parent?.addEventListener('abort', follow)
  return {
    signal: controller.signal,
    expectWithin: (ms) => {
      clearTimeout(timer)
      timer = setTimeout(() => controller.abort(createReason()), ms)
    },
    release: () => {
      clearTimeout(timer)
      parent?.removeEventListener('abort', follow)
    },
  }
}

/** Settles as `promise` does; once `signal` aborts it rejects with the signal's reason, and `promise` goes on unheard. */
export const unlessAborted = async <T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> => {
  if (!signal) return promise
  let stopListening = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    stopListening = () => signal.removeEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    stopListening()
  }
}

export const sleep = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await unlessAborted(slept, signal).finally(() => clearTimeout(timer))
}
