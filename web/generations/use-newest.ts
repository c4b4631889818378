import { useEffect, useState } from 'preact/hooks'
import type { Generation, GenerationPage } from '../../src/client.ts'

/** Further down than this, somebody reads. */
const TOP_PX = 120

/**
 * The rows to show of a page that is asked for again and again. Their states follow; new ones come in by themselves only
 * while the top of the page is looked at, so that nothing jumps under the eyes. Until then `waiting` counts them.
 */
export const useNewest = (page: GenerationPage | undefined, key: string) => {
  const [shown, setShown] = useState<{ key: string; rows: Generation[] }>({ key, rows: [] })
  const newest = page?.generations ?? []
  const isHeld = shown.key === key && shown.rows.length > 0

  const show = () => setShown({ key, rows: newest })
  useEffect(() => {
    if (page && (!isHeld || scrollY < TOP_PX)) show()
  }, [page])

  if (!isHeld) return { rows: newest, waiting: 0, show }
  const isShown = ({ id }: Generation) => shown.rows.some((row) => row.id === id)
  const rows = shown.rows.map((row) => newest.find(({ id }) => id === row.id) ?? row)
  return { rows, waiting: newest.filter((row) => !isShown(row)).length, show }
}
