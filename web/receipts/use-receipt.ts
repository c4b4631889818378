import { useEffect, useState } from 'preact/hooks'
import { callApi } from '../api.ts'

type Paged = { askings: readonly unknown[]; nextCursor: string | null }

/** What the API answers at `path` (without a query, or with one), and the way to read further askings into it; absent at their end. */
export const useReceipt = <T extends Paged>(path: string) => {
  const [receipt, setReceipt] = useState<T>()
  const [error, setError] = useState<Error>()
  const [isLoading, setIsLoading] = useState(true)

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    setReceipt(undefined)
    setError(undefined)
    setIsLoading(true)
    callApi<T>(path, { signal })
      .then(
        (found) => signal.aborted || setReceipt(found),
        (cause: Error) => signal.aborted || setError(cause),
      )
      .finally(() => signal.aborted || setIsLoading(false))
    return () => controller.abort()
  }, [path])

  const readMore = (cursor: string) => {
    setIsLoading(true)
    callApi<T>(`${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ cursor })}`)
      .then(
        ({ askings, nextCursor }) =>
          setReceipt((shown) =>
            shown?.nextCursor === cursor
              ? { ...shown, askings: [...shown.askings, ...askings], nextCursor }
              : shown,
          ),
        setError,
      )
      .finally(() => setIsLoading(false))
  }
  const cursor = receipt?.nextCursor
  const more = cursor ? () => readMore(cursor) : undefined
  return { receipt, error, isLoading, more }
}
