import type { Database } from '../../../db/database.ts'
import { AppError } from '../../lib/errors.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import { ERASURES_CHANGED, listErasing } from './erasures.ts'

type Deps = {
  db: Database
  subscribe: (name: string, listener: () => void) => () => void
  logger: Logger
}

/** A nudge may be lost with its connection. */
const INTERVAL_MS = 5_000
const RETRY_AFTER_MS = 5_000

/**
 * The owners that are being erased, as this process last heard: a request costs no question of Postgres. What slips through
 * meanwhile is erased too.
 */
export const createErasingOwners = ({ db, subscribe, logger }: Deps) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'erasures could not be looked at'))
  let owners: ReadonlySet<string> = new Set()
  let sweeper: ReturnType<typeof runEvery> | undefined
  let unsubscribe = () => {}
  const look = async (): Promise<void> => {
    owners = new Set(await listErasing(db))
  }
  const start = (): void => {
    unsubscribe = subscribe(ERASURES_CHANGED, () => void look().catch(onError))
    void look().catch(onError)
    sweeper = runEvery(look, { intervalMs: INTERVAL_MS, onError })
  }
  const stop = async (): Promise<void> => {
    unsubscribe()
    await sweeper?.stop()
  }
  /** Throws `erasure_under_way` where the owner is being erased. */
  const assertNotErasing = (ownerId: string): void => {
    if (owners.has(ownerId)) throw underWay()
  }
  return { start, stop, assertNotErasing }
}

const underWay = () =>
  new AppError(
    'erasure_under_way',
    'Everything of this owner is being erased. Once that is done, a request begins anew.',
    { retryable: true, retryAfterMs: RETRY_AFTER_MS },
  )
