import { retentionDeps } from '../../src/app/feature-deps.ts'
import { createStore } from '../../src/app/resources.ts'
import { deleteOldAlertEvents } from '../../src/features/alerts/maintenance.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { deleteExpiredKeys } from '../../src/features/maintenance/idempotency-keys.ts'
import { checkImages, checkMissingImage } from '../../src/features/maintenance/lost-images.ts'
import { removeOrphanObjects } from '../../src/features/maintenance/orphan-objects.ts'
import { applyRetention } from '../../src/features/retention/apply-retention.ts'
import { createSessionTasks } from '../../src/features/sessions/maintenance.ts'
import { dropEmbeddings } from '../../src/features/similarity/drop-embeddings.ts'
import { findMissing, listImageIds } from '../../src/features/similarity/missing-embeddings.ts'
import { deleteOldSpending } from '../../src/features/spending/maintenance.ts'
import { deleteOldDeliveries } from '../../src/features/webhooks/maintenance.ts'
import { createLogger } from '../../src/lib/logger.ts'
import type { TestApp } from './app.ts'

/** So long ago that nothing is removed. */
const DAYS = 3_000

/** Everything that workers do every hour or day, and what is done only where it is set. */
export const runMaintenance = async ({
  db,
  config,
}: Pick<TestApp, 'db' | 'config'>): Promise<void> => {
  const store = createStore(config)
  const { signal } = new AbortController()
  try {
    const retention = {
      ...{ events: DAYS, calls: DAYS, failed: DAYS, prompts: DAYS, comparisons: DAYS },
      ...{ unusedImages: DAYS, history: DAYS },
    }
    const deps = retentionDeps(
      { ...config, retention },
      { db, store },
      createLogger('silent', 'start'),
    )
    for (const isApplied of [false, true]) await applyRetention(deps, { isApplied, signal })
    await createFold(db)()
    await deleteExpiredKeys(db)
    await checkImages({ db, store, onLost: () => {} })
    await checkMissingImage({ db, store, onLost: () => {} }, 'generated/g_0/none')
    await removeOrphanObjects({ db, store, graceDays: DAYS })
    await deleteOldSpending(db)
    await deleteOldDeliveries(db)
    await deleteOldAlertEvents(db)
    for (const { run } of createSessionTasks(db)) await run(signal)
    await dropEmbeddings(db, 'a model', signal)
    await findMissing(db, await listImageIds(db, ''), { model: 'a model', defaultMode: 'suggest' })
  } finally {
    store.close()
  }
}
