type Options<T> = {
  /** Reads it; undefined where there is none. */
  read: (id: string) => Promise<T | undefined>
  /** Calls back when it may have changed. Returns the way to stop. */
  watch: (id: string, onChange: () => void) => () => void
  /** How long it counts without a word of a change: the word may be lost. */
  freshMs: number
  /** How long what was read last counts where it can't be read. */
  staleMs: number
  /** Whether a reading failed for no fault of its own. */
  isAway: (error: unknown) => boolean
  maxSize: number
  now?: () => number
}

type Entry<T> = {
  value: Promise<T | undefined>
  readMs: number
  freshUntilMs: number
  stop: () => void
}

/**
 * Remembers what was read for a short while, and forgets it at once when it has changed: what every request needs is not read with every
 * request. It is watched before it is read, so that no change falls between. Callers of one moment share a reading; what is not there
 * is not remembered.
 */
export const createMemory = <T>(options: Options<T>) => {
  const { read, watch, freshMs, staleMs, isAway, maxSize, now = () => performance.now() } = options
  const entries = new Map<string, Entry<T>>()

  const find = (id: string): Promise<T | undefined> => {
    const known = entries.get(id)
    if (known && now() < known.freshUntilMs) return known.value
    return renew(id, known)
  }

  const renew = (id: string, before: Entry<T> | undefined): Promise<T | undefined> => {
    if (before) forget(id, before)
    const readMs = now()
    const entry: Entry<T> = {
      readMs,
      freshUntilMs: readMs + freshMs,
      stop: watch(id, () => forget(id, entry)),
      value: read(id).catch((error: unknown) => {
        const isKept = before !== undefined && readMs < before.readMs + staleMs && isAway(error)
        if (!isKept) throw error
        entry.readMs = before.readMs
        return before.value
      }),
    }
    entry.value.then(
      (value) => value === undefined && forget(id, entry),
      () => forget(id, entry),
    )
    const [oldest] = entries
    if (entries.size >= maxSize && oldest) forget(...oldest)
    entries.set(id, entry)
    return entry.value
  }

  const forget = (id: string, entry: Entry<T>): void => {
    entry.stop()
    if (entries.get(id) === entry) entries.delete(id)
  }

  const forgetAll = (): void => {
    for (const each of [...entries]) forget(...each)
  }

  return { find, forgetAll }
}
