import type { Config } from '../../app/config.ts'
import { logStep, type Overrides, type Shared } from '../../app/resources.ts'
import { createSubmitDeps, createUploads } from '../../app/submit.ts'
import { findListPriceUsd } from '../../contract/list-price.ts'
import { describeReuse } from '../../generation/read/present.ts'
import type { Logger } from '../../lib/logger.ts'
import { startSweeper } from '../../lib/run-every.ts'
import { createReuseLog } from '../telemetry/reuse-log.ts'
import type { TelemetryLog } from '../telemetry/telemetry-log.ts'
import type { ItemDeps } from './ask.ts'
import { sweepSavedItems } from './sweep.ts'

/** People wait for what they edit: looked for more often than lost jobs are. */
const MAX_INTERVAL_MS = 1_000

/** Asks for the images of saved items whose edits by hook have paused. Release with `stop`. */
export const createItemSweeper = (
  config: Config,
  shared: Shared,
  { logger, log, onStep }: { logger: Logger; log: TelemetryLog } & Pick<Overrides, 'onStep'>,
) => {
  const { db, queue, provider, metrics } = shared
  const onError = (error: unknown) => logger.warn({ err: error }, 'saved items are in trouble')
  const reuseLog = createReuseLog(db, { log, onReuse: metrics.submissions.onReuse, onError })
  const submit = createSubmitDeps(
    config,
    shared,
    createUploads(config, shared),
    logger,
    onStep ?? logStep(logger),
  )
  const deps: ItemDeps = {
    db,
    submit,
    enqueue: queue.enqueue,
    removeJob: queue.remove,
    findImageId: () => undefined,
    onReuse: (row, kind) => {
      const priceOf = findListPriceUsd.bind(undefined, provider.models)
      reuseLog.record(row, describeReuse(row, kind, priceOf))
    },
  }
  let sweeper: ReturnType<typeof startSweeper> | undefined

  const start = () => {
    const intervalMs = Math.min(config.worker.sweepIntervalMs, MAX_INTERVAL_MS)
    sweeper = startSweeper(() => sweepSavedItems(deps), { intervalMs, onError })
  }
  const stop = async (): Promise<void> => {
    await sweeper?.stop()
    await reuseLog.close()
  }
  return { start, stop }
}
