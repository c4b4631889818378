import type { NewSavedItemInput, SavedItem, SavedItemChanges } from '../contract/saved-item.ts'
import { ImageonceError } from './error.ts'
import { toJsonCall } from './json-call.ts'
import { type PageOptions, toQuery } from './query.ts'
import { createRandomId } from './random-id.ts'
import type { CallOptions, Transport } from './transport.ts'

export type SavedItemPage = { items: SavedItem[]; nextCursor: string | null }

const PATH = '/api/saved-items'

/** What the owner has saved. Every call is repeated where its answer was lost, and throws `ImageonceError`. */
export const createSavedItems = ({ send }: Transport) => ({
  /**
   * Saves an item; its image is made in the background when it has a prompt and no `imageUrl`. One that has the given `id`
   * already stays as it is, and is the answer.
   */
  create: (item: NewSavedItemInput, { signal }: CallOptions = {}): Promise<SavedItem> => {
    const id = item.id ?? `s_${createRandomId()}`
    return send(PATH, { ...toJsonCall('POST', { ...item, id }), signal })
  },
  get: (id: string, { signal }: CallOptions = {}): Promise<SavedItem> =>
    send(pathOf(id), { signal }),
  /** Newest first. */
  list: ({ signal, ...page }: PageOptions = {}): Promise<SavedItemPage> =>
    send(`${PATH}${toQuery(page)}`, { signal }),
  /** Changes the given fields; null takes one away. */
  update: (
    id: string,
    changes: SavedItemChanges,
    { signal }: CallOptions = {},
  ): Promise<SavedItem> => send(pathOf(id), { ...toJsonCall('PATCH', changes), signal }),
  /** Removes the item, not its image. One that is not there is removed. */
  remove: async (id: string, { signal }: CallOptions = {}): Promise<void> => {
    try {
      await send(pathOf(id), { method: 'DELETE', signal })
    } catch (error) {
      if (!(error instanceof ImageonceError) || error.code !== 'not_found') throw error
    }
  },
})

const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`
