import { parseConfig } from '../../../src/app/config.ts'
import { type Life, runUntilSignal, STOP_MARGIN_MS } from '../../../src/app/process.ts'
import { resolveSecrets } from '../../../src/app/secrets.ts'
import { createWorker } from '../../../src/app/worker.ts'
import { createLogger } from '../../../src/lib/logger.ts'
import { armFrom } from './arm.ts'
import { reportReady } from './report-ready.ts'

/* The worker process as in production, which may be armed to end at a step. */

const config = parseConfig(process.env)
const logger = createLogger(config.logLevel ?? 'warn', 'worker')
const start = async ({ push, hurry }: Life) => {
  const worker = createWorker(config, await resolveSecrets(config), logger, armFrom(process.env))
  push(() => worker.stop(hurry))
  await worker.start()
  reportReady()
}
const patienceMs = config.stop.flexGraceMs + STOP_MARGIN_MS
await runUntilSignal(start, { patienceMs, onReleaseError: console.error })
