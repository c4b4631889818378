import { parseImageData } from '../adapters/images/data-url.ts'
import { createInspectImage } from '../adapters/images/inspect.ts'
import { createRecognition } from '../adapters/images/recognition.ts'
import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS } from '../contract/limits.ts'
import { createFeedback } from '../features/similarity/create-feedback.ts'
import { rejectReused } from '../features/similarity/feedback.ts'
import type { AcceptStep, OnStep } from '../generation/run/steps.ts'
import { createBatchedIntake } from '../generation/submit/submission-statements.ts'
import type { SubmitDeps } from '../generation/submit/submit.ts'
import { resolveConditionImage, type UploadDeps } from '../generation/submit/uploads.ts'
import type { Logger } from '../lib/logger.ts'
import type { Config } from './config.ts'
import type { Shared } from './resources.ts'

/** What uploading takes. */
export const createUploads = ({ conditionMatch }: Config, { db, store }: Shared): UploadDeps => ({
  db,
  store,
  inspect: createInspectImage({ maxBytes: MAX_IMAGE_BYTES, maxPixels: MAX_IMAGE_PIXELS }),
  ...(conditionMatch !== 'off' && {
    recognition: createRecognition(conditionMatch, { maxPixels: MAX_IMAGE_PIXELS }),
  }),
  parseImageData: (text, pointer) => parseImageData(text, { pointer }),
})

/** What submitting takes, for people and for saved items alike. */
export const createSubmitDeps = (
  config: Config,
  shared: Shared,
  uploads: UploadDeps,
  logger: Logger,
  onStep: OnStep<AcceptStep>,
): SubmitDeps => {
  const { db, queue, provider, metrics } = shared
  const feedback = createFeedback(config, shared, logger)
  return {
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
      onStep(generationId, step)
    },
    onDeclined: ({ id: generationId, ownerId, fingerprint }) => {
      rejectReused(feedback, ownerId, fingerprint).catch((err) =>
        logger.warn(
          { generationId, err },
          'that a similar image was declined is not in its figures',
        ),
      )
    },
    onSubmitted: metrics.submissions.onSubmitted,
  }
}
