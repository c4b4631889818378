import { useCallback, useRef, useState } from 'preact/hooks'

/**
 * State that outlives the tab. A change is in the browser's storage when `change` returns, before anything that
 * follows from it leaves the page.
 */
export const useStored = <T>(key: string, create: () => T) => {
  const [value, setValue] = useState<T>(() => read<T>(key) ?? create())
  const latest = useRef(value)
  const change = useCallback(
    (update: (before: T) => T): T => {
      latest.current = update(latest.current)
      write(key, latest.current)
      setValue(latest.current)
      return latest.current
    },
    [key],
  )
  return [value, change] as const
}

const read = <T>(key: string): T | undefined => {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

const write = (key: string, value: unknown): void => {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Full, or switched off: then the page remembers nothing, and works.
  }
}
