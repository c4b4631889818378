/**
 * Does the work within this time and while the signal allows, and rejects with the reason otherwise, whether the work
 * listens to the signal that it is given or not.
 */
export const withDeadline = async <T>(
  timeoutMs: number,
  signal: AbortSignal,
  work: (deadline: AbortSignal) => Promise<T>,
): Promise<T> => {
  const deadline = new AbortController()
  const stop = () => deadline.abort(signal.reason)
  const isLate = () => deadline.abort(new Error(`no answer within ${timeoutMs} ms`))
  const aborted = new Promise<never>((_resolve, reject) =>
    deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason), { once: true }),
  )
  const timer = setTimeout(isLate, timeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([aborted, work(deadline.signal)])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
