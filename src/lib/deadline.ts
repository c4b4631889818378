/**
 * A signal that aborts with the caller's or after `timeoutMs`, whichever comes first. `clear` must be
 * called: until then the timer and the listener stay.
 */
export const startDeadline = (timeoutMs: number, callerSignal: AbortSignal) => {
  const controller = new AbortController()
  const stop = () => controller.abort(callerSignal.reason)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    controller.abort(new Error(`no answer within ${timeoutMs} ms`))
  }, timeoutMs)
  callerSignal.addEventListener('abort', stop, { once: true })
  if (callerSignal.aborted) stop()
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    clear: () => {
      clearTimeout(timer)
      callerSignal.removeEventListener('abort', stop)
    },
  }
}

/**
 * Does the work within this time and while the signal allows, and rejects with the reason otherwise, whether the work
 * listens to the signal that it is given or not.
 */
export const withDeadline = async <T>(
  timeoutMs: number,
  callerSignal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const { signal, clear } = startDeadline(timeoutMs, callerSignal)
  const aborted = new Promise<never>((_resolve, reject) => {
    const end = () => reject(signal.reason)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })
  try {
    return await Promise.race([aborted, work(signal)])
  } finally {
    clear()
  }
}
