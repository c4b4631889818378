import { parseImageData } from '../adapters/images/data-url.ts'
import { createInspectImage } from '../adapters/images/inspect.ts'
import { createRecognition } from '../adapters/images/recognition.ts'
import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS } from '../contract/limits.ts'
import type { TelemetryLog } from '../features/telemetry/telemetry-log.ts'
import type { AcceptStep, OnStep } from '../generation/run/steps.ts'
import { createBatchedIntake } from '../generation/submit/submission-statements.ts'
import type { SubmitDeps } from '../generation/submit/submit.ts'
import { resolveConditionImage, type UploadDeps } from '../generation/submit/uploads.ts'
import type { Logger } from '../lib/logger.ts'
import type { Config } from './config.ts'
import type { Resources } from './resources.ts'

/** What uploading takes. */
export const createUploads = (
  { conditionMatch }: Config,
  { db, store }: Pick<Resources, 'db' | 'store'>,
): UploadDeps => ({
  db,
  store,
  inspect: createInspectImage({ maxBytes: MAX_IMAGE_BYTES, maxPixels: MAX_IMAGE_PIXELS }),
  ...(conditionMatch !== 'off' && {
    recognition: createRecognition(conditionMatch, { maxPixels: MAX_IMAGE_PIXELS }),
  }),
  parseImageData: (text, pointer) => parseImageData(text, { pointer }),
})

type Hooks = Pick<SubmitDeps, 'onDeclined'> & {
  log: TelemetryLog
  onStep: OnStep<AcceptStep>
  logger: Logger
}

/** What submitting takes, for people and for saved items alike. */
export const createSubmitDeps = (
  config: Config,
  { db, queue, provider, metrics }: Resources,
  uploads: UploadDeps,
  { onDeclined, log, onStep, logger }: Hooks,
): SubmitDeps => ({
  db,
  intake: createBatchedIntake(db, config.limits),
  limits: config.limits,
  provider,
  resolveConditionImage: (ownerId, image) => resolveConditionImage(uploads, ownerId, image),
  enqueue: queue.enqueue,
  promote: queue.promote,
  park: queue.park,
  onEnqueueFailure: (generationId, reason) =>
    logger.warn({ generationId, reason }, 'not handed to the queue: the sweeper will'),
  onStep: (generationId, step) => {
    metrics.submissions.onStep(generationId, step)
    if (step === 'inserted') log({ type: 'generation_started', generationId, origin: 'server' })
    onStep(generationId, step)
  },
  onDeclined,
  onSubmitted: metrics.submissions.onSubmitted,
})
