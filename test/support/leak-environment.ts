import { setTimeout as delay } from 'node:timers/promises'
import { TestEnvironment } from 'jest-environment-node'

const GRACE_MS = 5_000
const POLL_MS = 20

/**
 * Fails a test file that leaves something open which keeps the process alive (a connection, a server, a
 * timer, a child process). Jest itself only warns, or hangs.
 */
class LeakEnvironment extends TestEnvironment {
  readonly #before = countResources()

  override async teardown(): Promise<void> {
    const deadline = Date.now() + GRACE_MS
    let leaked = findLeaked(this.#before)
    while (leaked.length > 0 && Date.now() < deadline) {
      await delay(POLL_MS, undefined, { ref: false })
      leaked = findLeaked(this.#before)
    }
    await super.teardown()
    if (leaked.length > 0) throw new Error(`The test file left open: ${leaked.join(', ')}`)
  }
}

const countResources = (): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const type of process.getActiveResourcesInfo()) {
    counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  return counts
}

const findLeaked = (before: Map<string, number>): string[] =>
  [...countResources()]
    .filter(([type, count]) => count > (before.get(type) ?? 0))
    .map(([type, count]) => `${count - (before.get(type) ?? 0)} ${type}`)

export default LeakEnvironment
