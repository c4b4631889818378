import { createUpkeepQueue, type UpkeepTask } from '../../adapters/queue/maintenance-queue.ts'
import { createSpoolFiles } from '../../adapters/storage/spool-files.ts'
import type { Config } from '../../app/config.ts'
import { type Shared, toQueueBackend, toSpoolDirectory } from '../../app/resources.ts'
import { isGenerationId } from '../../contract/identity.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { startSweeper } from '../../lib/run-every.ts'
import { deleteOldAlertEvents } from '../alerts/maintenance.ts'
import { chooseEmbedder } from '../similarity/embeddings/choose-embedder.ts'
import { tendEmbeddings } from '../similarity/tend-embeddings.ts'
import { deleteOldDeliveries } from '../webhooks/maintenance.ts'
import { deleteExpiredKeys } from './idempotency-keys.ts'
import { checkImages, checkMissingImage, type LostImageDeps } from './lost-images.ts'
import { removeOrphanObjects } from './orphan-objects.ts'
import { cleanSpool } from './spool-files.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

/** Tasks let go at the next row or object, or are left to another worker. */
const STOP_MS = 2_000

/** What is late by hours needs no line every few seconds. */
const LOG_EVERY_MS = 60_000

/** What is done every hour or day, by whichever worker gets to it; and on this worker's own disk. */
export const createUpkeep = (
  config: Config,
  { db, store, metrics }: Pick<Shared, 'db' | 'store' | 'metrics'>,
  logger: Logger,
) => {
  const onError = createRareLog(
    (fields) => logger.warn(fields, 'upkeep trouble; done again later'),
    LOG_EVERY_MS,
  )
  const lostImages: LostImageDeps = { db, store, onLost: logLost(logger) }
  const { embedder } = chooseEmbedder(config)
  const embeddings = {
    db,
    embedder: embedder && metrics.similarity.measure(embedder),
    defaultMode: config.similarity.mode,
  }
  const task = (name: string, everyMs: number, run: (signal: AbortSignal) => Promise<object>) => ({
    name,
    everyMs,
    run: async (signal: AbortSignal) => logReport(logger, name, await run(signal)),
  })
  const tasks: UpkeepTask[] = [
    task('idempotency-keys', HOUR_MS, (signal) => deleteExpiredKeys(db, signal)),
    task('alert-history', DAY_MS, (signal) => deleteOldAlertEvents(db, signal)),
    task('webhook-deliveries', HOUR_MS, (signal) => deleteOldDeliveries(db, signal)),
    task('lost-images', HOUR_MS, (signal) => checkImages(lostImages, { signal })),
    task('orphan-objects', DAY_MS, (signal) => removeOrphanObjects({ db, store }, { signal })),
    {
      ...task('prompt-embeddings', HOUR_MS, (signal) => tendEmbeddings(embeddings, signal)),
      // The model may be another since.
      isDueAtStart: embedder !== undefined,
    },
  ]
  const queue = createUpkeepQueue({
    backend: toQueueBackend(config),
    name: config.queue.name,
    tasks,
    onError,
  })
  const spool = createSpoolFiles({ directory: toSpoolDirectory(config) })
  const clean = async () => logReport(logger, 'spool', await cleanSpool({ db, spool }))
  let firstClean: Promise<void> | undefined
  let sweepers: ReturnType<typeof startSweeper>[] = []

  const start = (): void => {
    queue.start()
    firstClean = clean().catch(onError)
    sweepers = [
      startSweeper(queue.schedule, { intervalMs: config.worker.sweepIntervalMs, onError }),
      // By a timer, as each worker's disk is its own: a job scheduler would choose one worker of all.
      startSweeper(clean, { intervalMs: HOUR_MS, onError }),
    ]
  }
  const stop = async (): Promise<void> => {
    await Promise.all([firstClean, ...sweepers.map((sweeper) => sweeper.stop())])
    await queue.stop(STOP_MS)
  }
  return { start, stop }
}

/** For whoever found an image's object missing: takes the image back, so that asking again makes a new one. */
export const createMissingImageReport = (
  { db, store }: Pick<Shared, 'db' | 'store'>,
  logger: Logger,
): ((objectKey: string) => Promise<void>) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'a missing image was not reported'))
  return async (objectKey) => {
    try {
      const report = await checkMissingImage({ db, store, onLost: logLost(logger) }, objectKey)
      if (report.isRefused) logReport(logger, 'lost-images', report)
    } catch (error) {
      onError(error)
    }
  }
}

const logLost =
  (logger: Logger): LostImageDeps['onLost'] =>
  ({ imageId, objectKey }) => {
    const id = isGenerationId(imageId) ? { generationId: imageId } : { imageId }
    logger.error({ ...id, objectKey }, 'an image is in Postgres and not in the store')
  }

const logReport = (logger: Logger, task: string, report: object): void => {
  if ('isRefused' in report && report.isRefused) {
    logger.error(
      { task, ...report },
      'Postgres and the image store disagree widely: nothing was changed; is one of them the wrong one?',
    )
  } else logger.info({ task, ...report }, 'upkeep')
}
