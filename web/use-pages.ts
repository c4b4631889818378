import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { callApi } from './api.ts'

export type Pages<Row> = {
  /** Those read so far; undefined until the first page is there. While another path is read, still those of the last. */
  rows: readonly Row[] | undefined
  error: Error | undefined
  isLoading: boolean
  /** Reads the next page besides; absent when there is none. */
  more: (() => void) | undefined
  /** Reads anew as much as is shown. */
  reload: () => void
  /** Where each page begins: the place of its first row, and the cursor that it was read by. */
  starts: readonly PageStart[]
}

export type PageStart = { at: number; cursor: string | null }

type State<Row> = {
  path?: string
  rows?: readonly Row[]
  starts?: readonly PageStart[]
  cursor?: string | null
  error?: Error | undefined
}

/**
 * A list that the API gives page by page, under `name` in its answers; `path` has a query, but no cursor. With `chooseEveryMs`
 * it is read anew that often while the page is looked at. `first`: the cursor to begin at; by default the list's beginning.
 */
export const usePages = <Row>(
  path: string,
  name: string,
  chooseEveryMs?: (rows: readonly Row[]) => number,
  first: string | null = null,
): Pages<Row> => {
  const [state, setState] = useState<State<Row>>({})
  const [isLoading, setIsLoading] = useState(true)
  const running = useRef<AbortController>(undefined)
  const isOfPath = state.path === path

  const read = useCallback(
    (before: Before<Row>, start: string | null, atLeast: number) => {
      running.current?.abort()
      const controller = new AbortController()
      const { signal } = controller
      running.current = controller
      setIsLoading(true)
      readRows<Row>(path, name, { start, atLeast, signal })
        .then(({ rows, starts, cursor }) =>
          setState({
            path,
            rows: [...before.rows, ...rows],
            starts: [
              ...before.starts,
              ...starts.map((each) => ({ ...each, at: each.at + before.rows.length })),
            ],
            cursor,
          }),
        )
        .catch((error: Error) => {
          if (!signal.aborted) setState((last) => ({ ...last, error }))
        })
        .finally(() => {
          if (signal.aborted) return
          running.current = undefined
          setIsLoading(false)
        })
    },
    [path, name],
  )
  const count = isOfPath ? (state.rows?.length ?? 0) : 0
  const reload = useCallback(() => read(NOTHING, first, count), [read, first, count])

  useEffect(() => {
    read(NOTHING, first, 0)
    return () => running.current?.abort()
  }, [read, first])
  const everyMs = chooseEveryMs?.(state.rows ?? [])
  useEffect(() => {
    if (!everyMs) return
    const timer = setInterval(() => document.hidden || running.current || reload(), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, reload])

  const { rows, starts = [], cursor, error } = state
  const more = isOfPath && rows && cursor ? () => read({ rows, starts }, cursor, 0) : undefined
  return { rows, error, isLoading, more, reload, starts }
}

type Before<Row> = { rows: readonly Row[]; starts: readonly PageStart[] }
const NOTHING = { rows: [], starts: [] }

type Asked = { start: string | null; atLeast: number; signal: AbortSignal }

/** From `start` on, one page or as many as it takes for `atLeast` rows. */
const readRows = async <Row>(path: string, name: string, { start, atLeast, signal }: Asked) => {
  const rows: Row[] = []
  const starts: PageStart[] = []
  let cursor = start
  do {
    starts.push({ at: rows.length, cursor })
    const address: string = cursor ? `${path}&${new URLSearchParams({ cursor })}` : path
    const page = await callApi<Record<string, unknown>>(address, { signal })
    rows.push(...((page[name] as Row[] | undefined) ?? []))
    cursor = page.nextCursor as string | null
  } while (cursor && rows.length < atLeast)
  return { rows, starts, cursor }
}
