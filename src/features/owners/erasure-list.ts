import type { ImageStore } from '../../generation/ports.ts'
import type { ErasureRow } from './erasures.ts'

/** Where the list is: in the image store, apart from the database, whose backups must not bring back what was erased since. */
const FOLDER = 'erasures'

export type ListedErasure = { ownerDigest: string; requestedAt: Date }

/** Puts an erasure on the list; safe to repeat. What the key says is all there is to it. */
export const putOnList = async (
  store: Pick<ImageStore, 'put'>,
  { ownerDigest, requestedAt }: Pick<ErasureRow, 'ownerDigest' | 'requestedAt'>,
): Promise<void> => {
  const bytes = Buffer.from(`${JSON.stringify({ ownerDigest, requestedAt })}\n`)
  const key = `${FOLDER}/${ownerDigest}/${requestedAt.getTime()}`
  await store.put(key, { bytes, mimeType: 'application/octet-stream' })
}

/** The newest erasure of each owner on the list. Throws when the store does not answer. */
export const readList = async (
  store: Pick<ImageStore, 'list'>,
): Promise<Map<string, ListedErasure>> => {
  const newest = new Map<string, ListedErasure>()
  for await (const page of store.list(FOLDER)) {
    for (const { key } of page) {
      const [, ownerDigest, time] = /^erasures\/([0-9a-f]{64})\/(\d+)$/.exec(key) ?? []
      if (!ownerDigest || !time) continue
      const requestedAt = new Date(Number(time))
      const known = newest.get(ownerDigest)
      if (!known || known.requestedAt < requestedAt)
        newest.set(ownerDigest, { ownerDigest, requestedAt })
    }
  }
  return newest
}
