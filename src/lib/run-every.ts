/**
 * Runs `sweep` every so often, jittered so that many workers spread out, and never twice at once.
 * Release with `stop`.
 */
export const runEvery = (
  sweep: () => Promise<unknown>,
  { intervalMs, onError }: { intervalMs: number; onError: (error: unknown) => void },
) => {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let isStopped = false

  const schedule = () => {
    if (!isStopped) timer = setTimeout(run, intervalMs * (0.75 + Math.random() / 2))
  }
  const run = () => {
    running = sweep().catch(onError).finally(schedule)
  }
  const stop = async () => {
    isStopped = true
    clearTimeout(timer)
    await running
  }

  schedule()
  return { stop }
}
