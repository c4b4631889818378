import { useEffect, useState } from 'preact/hooks'
import type { Generation, GenerationPage } from '../../client.ts'

/** Further down than this, somebody reads. */
const TOP_PX = 120

/**
 * The rows to show of a page that is asked for again and again. Their states follow; new ones come in by themselves only
 * while the top of the page is looked at, so that nothing jumps under the eyes. Until then `waiting` counts them.
 */
export const useNewest = (page: GenerationPage | undefined, key: string) => {
  const [shown, setShown] = useState<{ key: string; ids: string[] }>({ key, ids: [] })
  const rows = page?.generations ?? []
  const isKnown = shown.key === key && shown.ids.length > 0
  const waiting = isKnown ? rows.filter(({ id }) => !shown.ids.includes(id)).length : 0

  const show = () => setShown({ key, ids: rows.map(({ id }) => id) })
  useEffect(() => {
    if (page && (!isKnown || scrollY < TOP_PX)) show()
  }, [page])

  const visible: Generation[] = isKnown ? rows.filter(({ id }) => shown.ids.includes(id)) : rows
  return { rows: visible, waiting, show }
}
