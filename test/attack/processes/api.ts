import { createApi } from '../../../src/app/api.ts'
import { parseConfig } from '../../../src/app/config.ts'
import { type Life, runUntilSignal, STOP_MARGIN_MS } from '../../../src/app/process.ts'
import { resolveSecrets } from '../../../src/app/secrets.ts'
import { createLogger } from '../../../src/lib/logger.ts'
import { reportReady } from '../../chaos/processes/report-ready.ts'
import { listMounts } from '../mounts.ts'

/* The API process as in production, which also says what its router has. */

const config = parseConfig(process.env)
const logger = createLogger(config.logLevel ?? 'info', 'api')
const start = async ({ push, hurry }: Life) => {
  const api = createApi(config, await resolveSecrets(config), logger)
  push(() => api.stop({ hurry }))
  const { url } = await api.start()
  process.stdout.write(`mounts ${JSON.stringify(listMounts(api.routes))}\n`)
  reportReady(url)
}
const patienceMs = config.stop.apiGraceMs + STOP_MARGIN_MS
await runUntilSignal(start, { patienceMs, onReleaseError: console.error })
