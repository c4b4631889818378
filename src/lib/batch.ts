type Waiting<Input, Output> = {
  input: Input
  resolve: (output: Output) => void
  reject: (error: unknown) => void
}

type Options = {
  /** The most inputs in one run. */
  maxSize: number
  /** The most runs at a time; what comes meanwhile waits and goes together. */
  maxRunning: number
  /** True for an error that has nothing to do with any one input, as when the other end is away. */
  isShared?: (error: unknown) => boolean
}

/**
 * Makes one run of many calls: those of the same turn of the event loop go together, and under load those that
 * came while earlier runs were out. A call alone is not delayed. `run` answers its inputs in their order. Where it throws for
 * the sake of one of them, each is run again by itself, so that nobody fails for another's.
 */
export const createBatcher = <Input, Output>(
  run: (inputs: Input[]) => Promise<Output[]>,
  { maxSize, maxRunning, isShared = () => false }: Options,
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
    await settle(batch)
    running--
    schedule()
  }

  const settle = async (batch: Waiting<Input, Output>[]): Promise<void> => {
    try {
      const outputs = await run(batch.map(({ input }) => input))
      batch.forEach(({ resolve }, i) => void resolve(outputs[i] as Output))
    } catch (error) {
      if (batch.length > 1 && !isShared(error)) await settleEach(batch)
      else for (const { reject } of batch) reject(error)
    }
  }
  const settleEach = async (batch: Waiting<Input, Output>[]): Promise<void> => {
    for (const [index, { input, resolve, reject }] of batch.entries()) {
      try {
        resolve((await run([input]))[0] as Output)
      } catch (error) {
        reject(error)
        if (!isShared(error)) continue
        for (const rest of batch.slice(index + 1)) rest.reject(error)
        return
      }
    }
  }

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject })
      schedule()
    })
}
