import { isGenerationId } from '../../contract/identity.ts'
import type { Logger } from '../../lib/logger.ts'
import type { LostImageDeps } from './lost-images.ts'

/** Logs an image that was taken back. */
export const logLost =
  (logger: Logger): LostImageDeps['onLost'] =>
  ({ imageId, objectKey }) => {
    const id = isGenerationId(imageId) ? { generationId: imageId } : { imageId }
    logger.error({ ...id, objectKey }, 'an image is in Postgres and not in the store')
  }

/** Logs what a task did; louder when it refused to, as too much was amiss. */
export const logReport = (logger: Logger, task: string, report: object): void => {
  if ('isRefused' in report && report.isRefused) {
    logger.error(
      { task, ...report },
      'Postgres and the image store disagree widely: nothing was changed; is one of them the wrong one?',
    )
  } else logger.info({ task, ...report }, 'maintenance')
}
