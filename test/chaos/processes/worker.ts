import { parseConfig } from '../../../src/config.ts'
import { createWorker } from '../../../src/context/worker.ts'
import { createLogger } from '../../../src/lib/logger.ts'
import { runUntilSignal, STOP_MARGIN_MS } from '../../../src/process.ts'
import { resolveSecrets } from '../../../src/secrets.ts'
import { armFrom } from './arm.ts'
import { reportReady } from './report-ready.ts'

/* The worker process as in production, which may be armed to end at a step. */

const config = parseConfig(process.env)
const logger = createLogger(config.logLevel ?? 'warn', 'worker')
const worker = createWorker(config, await resolveSecrets(config), logger, armFrom(process.env))
runUntilSignal(worker.stop, config.shutdownGraceMs + STOP_MARGIN_MS)
await worker.start()
reportReady()
