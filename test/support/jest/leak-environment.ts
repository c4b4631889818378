import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { watchHandles } from './open-handles.ts'

/** BullMQ watches over a read for up to 11 s, also after its worker has stopped without Redis. */
const GRACE_MS = 15_000
const POLL_MS = 20

/** Between a test and Jest's functions. */
const GLOBALS = 'test/support/jest/globals.ts'

type TestEvent = { name: string; test?: { errors: readonly unknown[] } }

/**
 * Fails a test file that leaves something open which would keep the process alive: a connection, a server,
 * a timer, a child process. Jest by itself only warns, or hangs. Tests run in Node's own global scope.
 */
class LeakEnvironment {
  readonly global = {}
  readonly moduleMocker = null
  readonly fakeTimers = null
  readonly fakeTimersModern = null
  readonly #findOpen = watchHandles()

  getVmContext = () => null

  setup = async (): Promise<void> => {
    // Jest's own would hide the source maps that Node knows of.
    Reflect.deleteProperty(Error, 'prepareStackTrace')
  }

  /** Lets Jest show the line of the test where an error comes from. */
  handleTestEvent = ({ name, test }: TestEvent): void => {
    if (name !== 'test_done') return
    for (const error of test?.errors.flat() ?? []) if (error instanceof Error) tidyStack(error)
  }

  teardown = async (): Promise<void> => {
    for (const storage of usedStorages) storage.disable()
    usedStorages.clear()
    const deadline = Date.now() + GRACE_MS
    let open = this.#findOpen()
    while (open.length > 0 && Date.now() < deadline) {
      await delay(POLL_MS, undefined, { ref: false })
      open = this.#findOpen()
    }
    if (open.length > 0) throw new Error(`The test file left open: ${open.join(', ')}`)
  }
}

/**
 * Jest makes a storage of its own for each test file. In Node 20 every storage that was ever used costs each promise a look, until
 * it is disabled; one that is used again is enabled by that.
 */
const usedStorages = new Set<AsyncLocalStorage<unknown>>()
const { run } = AsyncLocalStorage.prototype
AsyncLocalStorage.prototype.run = function (
  this: AsyncLocalStorage<unknown>,
  ...args: Parameters<typeof run>
) {
  usedStorages.add(this)
  return run.apply(this, args)
} as typeof run

/** Jest leaves out all frames of `<anonymous>`, as Node calls the function of most tests. */
const tidyStack = (error: Error): void => {
  const frames = error.stack?.split('\n').filter((frame) => !frame.includes(GLOBALS)) ?? []
  error.stack = frames.join('\n').replaceAll('at <anonymous> (', 'at Object.<anonymous> (')
}

export default LeakEnvironment
