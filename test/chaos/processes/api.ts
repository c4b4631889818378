import { parseConfig } from '../../../src/config.ts'
import { createApi } from '../../../src/context/api.ts'
import { createLogger } from '../../../src/lib/logger.ts'
import { runUntilSignal, STOP_MARGIN_MS } from '../../../src/process.ts'
import { resolveSecrets } from '../../../src/secrets.ts'
import { armFrom } from './arm.ts'
import { reportReady } from './report-ready.ts'

/* The API process as in production, which may be armed to end at a step. */

const config = parseConfig(process.env)
const logger = createLogger(config.logLevel ?? 'warn', 'api')
const api = createApi(config, await resolveSecrets(config), logger, armFrom(process.env))
runUntilSignal(api.stop, config.shutdownGraceMs + STOP_MARGIN_MS)
const { url } = await api.start()
reportReady(url)
