type Waiting<Input, Output> = {
  input: Input
  resolve: (output: Output) => void
  reject: (error: unknown) => void
}

type Limits = {
  /** The most inputs in one run. */
  maxSize: number
  /** The most runs at a time; what comes meanwhile waits and goes together. */
  maxRunning: number
}

/**
 * Makes one run of many calls: those of the same turn of the event loop go together, and under load those that
 * came while earlier runs were out. A call alone is not delayed. `run` answers its inputs in their order; where
 * it throws, all of its calls do.
 */
export const createBatcher = <Input, Output>(
  run: (inputs: Input[]) => Promise<Output[]>,
  { maxSize, maxRunning }: Limits,
): ((input: Input) => Promise<Output>) => {
  let waiting: Waiting<Input, Output>[] = []
  let running = 0
  let isScheduled = false

  const schedule = () => {
    if (isScheduled || running >= maxRunning || waiting.length === 0) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      void runNext()
    })
  }

  const runNext = async () => {
    const batch = waiting.slice(0, maxSize)
    waiting = waiting.slice(maxSize)
    running++
    schedule()
    try {
      const outputs = await run(batch.map(({ input }) => input))
      batch.forEach(({ resolve }, i) => void resolve(outputs[i] as Output))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    running--
    schedule()
  }

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject })
      schedule()
    })
}
