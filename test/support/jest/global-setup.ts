import { constants } from 'node:os'
import { type Release, startServices } from '../services.ts'

declare global {
  var stopTestServices: Release | undefined
}

/** Jest runs no teardown when it is interrupted or dies of an error, so what was started is stopped here too. */
const globalSetup = async (): Promise<void> => {
  const starting = startServices(process.env)
  let isEnding = false
  const end = async (exitCode: number) => {
    isEnding = true
    const stop = await starting.catch(() => undefined)
    await stop?.().catch(() => {})
    process.exit(exitCode)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => end(128 + constants.signals[signal]))
  }
  process.on('uncaughtException', (error) => {
    // What fails while all ends is of no interest, and where output is a closed pipe, telling it fails again.
    if (isEnding) return
    end(1)
    console.error(error)
  })
  globalThis.stopTestServices = await starting
}

export default globalSetup
