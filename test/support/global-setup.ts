import { constants } from 'node:os'
import { type Release, startServices } from './services.ts'

declare global {
  var stopTestServices: Release | undefined
}

/** Jest runs no teardown when it is interrupted or dies of an error, so what was started is stopped here too. */
const globalSetup = async (): Promise<void> => {
  const starting = startServices(process.env)
  const end = async (exitCode: number) => {
    const stop = await starting.catch(() => undefined)
    await stop?.().catch(console.error)
    process.exit(exitCode)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => end(128 + constants.signals[signal]))
  }
  process.on('uncaughtException', (error) => {
    console.error(error)
    end(1)
  })
  globalThis.stopTestServices = await starting
}

export default globalSetup
