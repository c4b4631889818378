import type { ImageonceClient, SavedItem } from 'imageonce/client'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { isPost } from './post.ts'

const LIMIT = 50
const PENDING_MS = 1_500

/** The newest of what was saved; read again while a picture is on its way, which costs nothing. */
export const useSavedPosts = (client: ImageonceClient) => {
  const [items, setItems] = useState<SavedItem[]>()

  const reload = useCallback(async () => {
    const page = await client.savedItems.list({ limit: LIMIT }).catch(() => undefined)
    if (page) setItems(page.items.filter(isPost))
  }, [client])

  useEffect(() => void reload(), [reload])

  useEffect(() => {
    if (!items?.some(({ isPlaceholder, error }) => isPlaceholder && !error)) return
    const timer = setTimeout(reload, PENDING_MS)
    return () => clearTimeout(timer)
  }, [items, reload])

  return { items, reload }
}
