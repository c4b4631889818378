import type { Database } from '../../../db/database.ts'
import type { ImageStore } from '../../generation/ports.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { logLost, logReport } from './log-report.ts'
import { checkMissingImage } from './lost-images.ts'

type Deps = { db: Database; store: ImageStore; logger: Logger }

/**
 * Takes back an image whose object was found missing while it was served, so that asking again makes a new one. Never
 * rejects.
 */
export const createMissingImageReport = ({ db, store, logger }: Deps) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'a missing image was not reported'))
  return async (objectKey: string): Promise<void> => {
    try {
      const report = await checkMissingImage({ db, store, onLost: logLost(logger) }, objectKey)
      if (report.isRefused) logReport(logger, 'lost-images', report)
    } catch (error) {
      onError(error)
    }
  }
}
