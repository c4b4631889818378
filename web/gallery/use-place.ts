import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import type { PageStart } from '../use-pages.ts'

const PAUSE_MS = 200
/** What is above is out of sight, or nearly. */
const TOP_PX = 220

/** Writes into the address which page of a list is looked at, so that reloading and coming back lead there again. */
export const useKeptPlace = (
  list: RefObject<HTMLElement | null>,
  starts: readonly PageStart[],
  isKept: boolean,
): void => {
  useEffect(() => {
    if (!isKept) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const keep = () => {
      timer = undefined
      const tiles = list.current?.querySelectorAll('.gallery > li')
      const seen = starts.findLast(
        ({ at }) => (tiles?.[at]?.getBoundingClientRect().top ?? Infinity) < TOP_PX,
      )
      writePlace((seen ?? starts[0])?.cursor ?? null)
    }
    const later = () => {
      timer ??= setTimeout(keep, PAUSE_MS)
    }
    addEventListener('scroll', later, { passive: true })
    return () => {
      removeEventListener('scroll', later)
      clearTimeout(timer)
    }
  }, [starts, isKept])
}

/** Past the router: nothing is to be shown anew. */
const writePlace = (cursor: string | null): void => {
  const url = new URL(location.href)
  if (url.searchParams.get('at') === cursor) return
  if (cursor) url.searchParams.set('at', cursor)
  else url.searchParams.delete('at')
  history.replaceState(history.state, '', url)
}
