import { useCallback, useEffect, useState } from 'preact/hooks'
import { callApi } from './api.ts'

export type Resource<T> = {
  value: T | undefined
  error: Error | undefined
  isLoading: boolean
  reload: () => void
}

/**
 * What the API answers at `path`, asked for again every `everyMs` while the page is looked at. While another answer is on
 * its way the last one stays; `undefined` as the path asks nothing.
 */
export const useResource = <T>(path: string | undefined, everyMs?: number): Resource<T> => {
  const [state, setState] = useState<{ value?: T; error?: Error }>({})
  const [isLoading, setIsLoading] = useState(path !== undefined)
  const [asked, setAsked] = useState(0)
  const reload = useCallback(() => setAsked((times) => times + 1), [])

  useEffect(() => {
    if (path === undefined) return
    const controller = new AbortController()
    const { signal } = controller
    setIsLoading(true)
    callApi<T>(path, { signal })
      .then((value) => setState({ value }))
      .catch((error: Error) => {
        if (!signal.aborted) setState((before) => ({ ...before, error }))
      })
      .finally(() => {
        if (!signal.aborted) setIsLoading(false)
      })
    return () => controller.abort()
  }, [path, asked])

  useEffect(() => {
    if (!everyMs) return
    const timer = setInterval(() => document.hidden || reload(), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, reload])

  return { value: state.value, error: state.error, isLoading, reload }
}
