import type { ImageStore } from '../../generation/ports.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import { DAY_MS } from '../../lib/time.ts'
import { applyList } from './apply-list.ts'
import type { EraseDeps } from './erase-owner.ts'
import { eraseWaiting } from './erase-waiting.ts'
import { ERASURES_CHANGED } from './erasures.ts'

export type ErasuresDeps = Omit<EraseDeps, 'store'> & {
  store: ImageStore
  /** Calls back when something named so has happened. Returns the way to stop. */
  subscribe: (name: string, listener: () => void) => () => void
  /** How often to look for one without a nudge. */
  intervalMs: number
  logger: Logger
}

/** Erases the owners that are to be erased, one after the other; one whose worker died another goes on with. */
export const createErasures = ({ subscribe, intervalMs, logger, ...deps }: ErasuresDeps) => {
  const { db, store } = deps
  const onError = createRareLog((fields) => logger.warn(fields, 'an erasure waits; tried again'))
  const stopping = new AbortController()
  const { signal } = stopping
  let sweeper: ReturnType<typeof runEvery> | undefined
  let unsubscribe = () => {}
  let running: Promise<unknown> = Promise.resolve()

  /** One at a time. */
  const look = (): Promise<unknown> => {
    running = running.then(() => eraseWaiting(deps, logger, signal)).catch(onError)
    return running
  }
  const start = (): void => {
    unsubscribe = subscribe(ERASURES_CHANGED, () => void look())
    sweeper = runEvery(look, { intervalMs, onError })
  }
  const stop = async (): Promise<void> => {
    unsubscribe()
    stopping.abort()
    await Promise.all([sweeper?.stop(), running])
  }
  const tasks = [
    {
      name: 'erasures-list',
      everyMs: DAY_MS,
      isDueAtStart: true,
      run: () => applyList({ db, store }),
    },
  ]
  return { start, stop, tasks }
}
