export type Gatherer = ReturnType<typeof createGatherer>

type Options = {
  /** How long the first name waits for others. */
  gatherMs: number
  /** Called when names could not be handed over; they are gone then. */
  onError?: (error: unknown) => void
}

/**
 * Hands names over together: those of a few milliseconds, each once, and what comes meanwhile with the next. One hand-over runs at a
 * time. Release with `flush`.
 */
export const createGatherer = (
  handOver: (names: string[]) => Promise<unknown>,
  { gatherMs, onError = () => {} }: Options,
) => {
  const names = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  const gather = (more: Iterable<string>): void => {
    for (const name of more) names.add(name)
    if (names.size > 0 && !running) timer ??= setTimeout(run, gatherMs)
  }
  const run = (): void => {
    clearTimeout(timer)
    timer = undefined
    const gathered = [...names]
    names.clear()
    running = handOver(gathered)
      .then(() => {}, onError)
      .then(() => {
        running = undefined
        gather([])
      })
  }
  /** Hands over what there is at once, and resolves when that is done. */
  const flush = async (): Promise<void> => {
    while (running || names.size > 0) {
      if (!running) run()
      await running
    }
  }
  return { gather, flush }
}
