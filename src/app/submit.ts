import { parseImageData } from '../adapters/images/data-url.ts'
import { createInspectImage } from '../adapters/images/inspect.ts'
import { createRecognition } from '../adapters/images/recognition.ts'
import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS } from '../contract/limits.ts'
import { createInFlightCounts } from '../generation/state/in-flight-counts.ts'
import { createBatchedStatements } from '../generation/submit/find-or-create.ts'
import type { SubmitDeps } from '../generation/submit/submit.ts'
import { resolveConditionImage, type UploadDeps } from '../generation/submit/uploads.ts'
import type { Config } from './config.ts'
import type { Resources } from './resources.ts'

/** Whoever sends an image waits for it, and its bytes are held meanwhile. */
const UPLOAD_LIMITS = {
  maxPixels: MAX_IMAGE_PIXELS,
  waiting: { maxWaitMs: 10_000, maxWaiting: 20 },
}

/** What uploading takes. */
export const createUploads = (
  { conditionMatch }: Config,
  { db, store }: Pick<Resources, 'db' | 'store'>,
  takeBytes?: UploadDeps['takeBytes'],
): UploadDeps => ({
  takeBytes,
  db,
  store,
  inspect: createInspectImage({ ...UPLOAD_LIMITS, maxBytes: MAX_IMAGE_BYTES }),
  ...(conditionMatch !== 'off' && {
    recognition: createRecognition(conditionMatch, UPLOAD_LIMITS),
  }),
  parseImageData: (text, pointer) => parseImageData(text, { pointer }),
})

type Hooks = Pick<
  SubmitDeps,
  'seal' | 'onDeclined' | 'onStep' | 'logger' | 'record' | 'takeNew' | 'takeKey' | 'onStopped'
>

/** What submitting takes, for people and for saved items alike. */
export const createSubmitDeps = (
  config: Config,
  { db, queue, providers, metrics }: Resources,
  uploads: UploadDeps,
  hooks: Hooks,
): SubmitDeps => {
  const limits = { ...config.limits, inFlightCounts: createInFlightCounts() }
  return {
    ...hooks,
    db,
    statements: createBatchedStatements(db, limits),
    limits,
    providers,
    resolveConditionImage: (...image) => resolveConditionImage(uploads, ...image),
    enqueue: queue.enqueue,
    promote: queue.promote,
    defer: queue.defer,
    onSubmitted: metrics.submissions.onSubmitted,
    onEnqueued: metrics.submissions.onEnqueued,
  }
}
