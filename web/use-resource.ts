import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { callApi } from './api.ts'

export type Resource<T> = {
  value: T | undefined
  error: Error | undefined
  isLoading: boolean
  reload: () => void
}

/**
 * What the API answers at `path`, asked for again every `everyMs` while the page is looked at, and when it is looked at
 * again. While another answer is on its way the last one stays; `undefined` as the path asks nothing.
 */
export const useResource = <T>(path: string | undefined, everyMs?: number): Resource<T> => {
  const [state, setState] = useState<{ value?: T; error?: Error }>({})
  const [isLoading, setIsLoading] = useState(path !== undefined)
  const [asked, setAsked] = useState(0)
  const isAsking = useRef(false)
  const reload = useCallback(() => setAsked((times) => times + 1), [])

  useEffect(() => {
    if (path === undefined) return
    const controller = new AbortController()
    const { signal } = controller
    setIsLoading(true)
    isAsking.current = true
    callApi<T>(path, { signal })
      .then((value) => {
        if (!signal.aborted) setState({ value })
      })
      .catch((error: Error) => {
        if (!signal.aborted) setState((before) => ({ ...before, error }))
      })
      .finally(() => {
        if (signal.aborted) return
        isAsking.current = false
        setIsLoading(false)
      })
    return () => controller.abort()
  }, [path, asked])

  useEffect(() => {
    if (!everyMs) return
    // A slow answer is waited for: asking again would give it up, and none would ever come.
    const look = () => document.hidden || isAsking.current || reload()
    const timer = setInterval(look, everyMs)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [everyMs, reload])

  return { value: state.value, error: state.error, isLoading, reload }
}
