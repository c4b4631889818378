import { useEffect, useState } from 'preact/hooks'
import type { Found } from '../../src/contract/find.ts'
import { callApi } from '../api.ts'
import { splitTime, toMoments } from './when.ts'

/** So long nothing is typed before it is asked for. */
const PAUSE_MS = 120
const LIMIT = 8

type State = { typed: string; found: Found } | undefined

/** What the server finds for what is typed; while more is typed, what it found last. */
export const useFound = (typed: string, isAdmin: boolean) => {
  const [state, setState] = useState<State>()
  const [error, setError] = useState<Error>()
  const path = pathOf(typed, isAdmin)

  useEffect(() => {
    setError(undefined)
    if (!path) return setState(undefined)
    const controller = new AbortController()
    const timer = setTimeout(() => {
      const { signal } = controller
      callApi<Partial<Found>>(path, { signal }).then(
        (answer) => {
          // One that was given up while it came is none.
          if (signal.aborted) return
          const { generations = [], owners = [], errors = [] } = answer
          setState({ typed, found: { generations, owners, errors } })
        },
        (cause: Error) => signal.aborted || setError(cause),
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [path])

  return { found: path ? state?.found : undefined, isStale: state?.typed !== typed, error }
}

/** Who names a time wants what is of that time: the list tells. */
const pathOf = (typed: string, isAdmin: boolean): string | undefined => {
  const { text, days } = splitTime(typed)
  if (!days.from) return text ? `/api/find?${new URLSearchParams({ q: text })}` : undefined
  const query = { ...toMoments(days), limit: String(LIMIT), ...(text && { q: text }) }
  return `/api/generations?${new URLSearchParams({ ...query, ...(isAdmin && { owner: '*' }) })}`
}
