import { setTimeout as delay } from 'node:timers/promises'
import { findFreePort } from '../test/support/free-port.ts'
import { makeTemporaryFolder } from '../test/support/temporary-folder.ts'
import { imageonceCommand } from './commands.ts'
import type { Plan } from './plan.ts'
import { readCpuMs, readMemoryMb } from './process-cpu.ts'
import { startProgram, startServer } from './programs.ts'
import { productionEnvironment, type Services } from './services.ts'
import { medianOf } from './statistics.ts'

const READY = /Ctrl-C stops it/

/** Seconds from the command to the banner: on a new data directory, and on one that is there. */
export const measureStarts = async ({ starts }: Plan) => {
  const first: number[] = []
  const again: number[] = []
  for (let round = 0; round < starts; round++) {
    const folder = await makeTemporaryFolder('bench-start')
    const environment = { DATA_DIR: folder.path, PORT: String(await findFreePort()) }
    for (const seconds of [first, again]) {
      const startedAt = performance.now()
      const program = await startProgram(imageonceCommand('start'), environment, READY)
      seconds.push((performance.now() - startedAt) / 1_000)
      await program.stop()
    }
    await folder.remove()
  }
  return { firstSeconds: medianOf(first), againSeconds: medianOf(again) }
}

/** Long enough for what is allocated at the start to be collected. */
const IDLE_MS = 10_000

/** Resident memory of an idle API and an idle worker, in MB, and the CPU that the API took until it answered. */
export const measureMemory = async (services: Services) => {
  const environment = productionEnvironment(services)
  const api = await startServer(imageonceCommand('api'), environment)
  const { allMs: apiReadyMs } = await readCpuMs(api.pid)
  const worker = await startProgram(imageonceCommand('worker'), environment, /working/)
  try {
    await delay(IDLE_MS)
    return {
      apiReadyMs,
      apiMb: await readMemoryMb(api.pid, 'VmRSS'),
      workerMb: await readMemoryMb(worker.pid, 'VmRSS'),
    }
  } finally {
    await Promise.all([api.stop(), worker.stop()])
  }
}
