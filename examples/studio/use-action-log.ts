import { useCallback } from 'preact/hooks'
import type { Illustration, Source } from './illustrate.ts'
import { useStored } from './use-stored.ts'

export type Action =
  | 'Generate'
  | 'Save'
  | 'Reload'
  | 'Load'
  | 'Preview'
  | 'Schedule'
  | 'Post'
  | 'Remove'

/** What one action did about the picture. */
export type Entry = {
  id: number
  action: Action
  source?: Source | undefined
  error?: string | undefined
  durationMs: number
}

const MAX_ENTRIES = 40

/** Runs actions and writes down what became of each, the newest first. `onDone` follows each of them. */
export const useActionLog = (key: string, onDone: () => Promise<unknown>) => {
  const [entries, change] = useStored<Entry[]>(key, () => [])

  const act = async (action: Action, work: () => Promise<Illustration>): Promise<boolean> => {
    const startedAt = performance.now()
    const { source, error } = await work().catch(
      (thrown: Error): Pick<Illustration, 'source'> & { error: { message: string } } => ({
        error: { message: thrown.message },
      }),
    )
    const durationMs = Math.round(performance.now() - startedAt)
    change((before) => {
      const id = (before[0]?.id ?? 0) + 1
      const entry = { id, action, source, error: error?.message, durationMs }
      return [entry, ...before].slice(0, MAX_ENTRIES)
    })
    await onDone()
    return error === undefined
  }

  const clear = useCallback(() => change(() => []), [change])
  return { entries, act, clear }
}
