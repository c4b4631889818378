import { createApi } from '../../../src/app/api.ts'
import { parseConfig } from '../../../src/app/config.ts'
import { type Life, runUntilSignal, STOP_MARGIN_MS } from '../../../src/app/process.ts'
import { resolveSecrets } from '../../../src/app/secrets.ts'
import { createLogger } from '../../../src/lib/logger.ts'
import { armFrom } from './arm.ts'
import { reportReady } from './report-ready.ts'

/* The API process as in production, which may be armed to end at a step. */

const config = parseConfig(process.env)
const logger = createLogger(config.logLevel ?? 'warn', 'api')
const start = async ({ push, hurry }: Life) => {
  const api = createApi(config, await resolveSecrets(config), logger, armFrom(process.env))
  push(() => api.stop({ hurry }))
  const { url } = await api.start()
  reportReady(url)
}
const patienceMs = config.stop.apiGraceMs + STOP_MARGIN_MS
await runUntilSignal(start, { patienceMs, onReleaseError: console.error })
