import type { Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import type { ItemDeps } from './ask.ts'
import { sweepSavedItems } from './sweep.ts'

type SavedItemsDeps = { items: ItemDeps; intervalMs: number; logger: Logger }

/** People wait for what they edit: looked for more often than lost jobs are. */
const MAX_INTERVAL_MS = 1_000

/** Asks for the images of saved items whose edits by hook have paused. */
export const createSavedItems = ({ items, intervalMs, logger }: SavedItemsDeps) => {
  const onError = (error: unknown) => logger.warn({ err: error }, 'saved items are in trouble')
  let sweeper: ReturnType<typeof runEvery> | undefined

  const start = (): void => {
    sweeper = runEvery(() => sweepSavedItems(items), {
      intervalMs: Math.min(intervalMs, MAX_INTERVAL_MS),
      onError,
    })
  }
  const stop = async (): Promise<void> => {
    await sweeper?.stop()
  }
  return { start, stop }
}
