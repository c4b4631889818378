/** A terminal's Ctrl-C comes from the terminal and again from npm, some 10 ms later: that is not impatience. */
const IMPATIENT_AFTER_MS = 1_000

/** Stops and exits 0 on SIGINT, SIGTERM or SIGHUP. A second signal, a second or more later, ends at once. */
export const onStopSignal = (stop: () => Promise<void>): void => {
  let stoppingSince: number | undefined
  const onSignal = () => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > IMPATIENT_AFTER_MS) process.exit(1)
      return
    }
    stoppingSince = performance.now()
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}
