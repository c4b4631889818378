/**
 * A signal that aborts with the caller's or after `timeoutMs`, whichever comes first. `clear` must be
 * called: until then the timer and the listener stay.
 */
export const startDeadline = (timeoutMs: number, callerSignal: AbortSignal) => {
  const controller = new AbortController()
  const abort = () => controller.abort()
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    abort()
  }, timeoutMs)
  callerSignal.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    clear: () => {
      clearTimeout(timer)
      callerSignal.removeEventListener('abort', abort)
    },
  }
}
