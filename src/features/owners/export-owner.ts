import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../db/database.ts'
import type { ImageStore, StoredImage } from '../../generation/ports.ts'
import { VERSION } from '../../lib/version.ts'
import { exportedRows, readPages } from './export-tables.ts'
import { type TarFile, writeTar } from './tar.ts'

export type ExportDeps = { db: Database; store: Pick<ImageStore, 'find'> }

/**
 * All that is kept of an owner as an archive, piece by piece: `about.json`, lines of JSON by the page, the images, and `end.json`, which
 * says how much there was. Holds one page or one image in memory, and nothing open between two pieces: a reader may take hours.
 * Throws when Postgres or the store stops answering.
 */
export const exportOwner = (
  deps: ExportDeps,
  ownerId: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> => writeTar(listFiles(deps, ownerId, signal))

async function* listFiles(
  { db, store }: ExportDeps,
  ownerId: string,
  signal: AbortSignal,
): AsyncGenerator<TarFile> {
  const modifiedAt = new Date()
  const toFile = (name: string, text: string | Uint8Array): TarFile => ({
    name,
    bytes: typeof text === 'string' ? Buffer.from(text) : text,
    modifiedAt,
  })
  const owner = await db
    .selectFrom('users')
    .select('createdAt')
    .where('id', '=', ownerId)
    .executeTakeFirst()
  const counts: Record<string, number> = {}
  yield toFile(
    'about.json',
    toJson({
      ownerId,
      knownSince: owner?.createdAt ?? null,
      exportedAt: modifiedAt,
      version: VERSION,
      format: ABOUT,
    }),
  )
  for (const rows of exportedRows) {
    let page = 0
    for await (const lines of readPages(db, ownerId, rows)) {
      signal.throwIfAborted()
      const number = String(++page).padStart(6, '0')
      counts[rows.name] = (counts[rows.name] ?? 0) + lines.split('\n').length - 1
      yield toFile(`${rows.name}/${number}.jsonl`, lines)
    }
  }
  const missing: string[] = []
  for await (const { id, objectKey } of listImages(db, ownerId)) {
    signal.throwIfAborted()
    const image = await findPatiently(store, objectKey, signal)
    if (!image) missing.push(id)
    else yield toFile(`images/${id}.${extensionOf(image)}`, image.bytes)
    counts.imageFiles = (counts.imageFiles ?? 0) + (image ? 1 : 0)
  }
  yield toFile('end.json', toJson({ counts, missing }))
}

const ABOUT =
  'Each .jsonl file has a row a line, as the service keeps it. images/ has the pictures by their id. end.json is the last file: without it the archive is cut short.'

const toJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`

const PAGE_IMAGES = 500

/** By id, so that what is made or deleted meanwhile moves no page. */
async function* listImages(db: Database, ownerId: string) {
  let after = ''
  for (;;) {
    const rows = await db
      .selectFrom('imageMetadata')
      .select(['id', 'objectKey'])
      .where('userId', '=', ownerId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE_IMAGES)
      .execute()
    for (const { id, objectKey } of rows) if (objectKey) yield { id, objectKey }
    after = rows.at(-1)?.id ?? after
    if (rows.length < PAGE_IMAGES) return
  }
}

/** A store that falters for a moment must not cost an hour of download. */
const TRIES = 4
const PAUSE_MS = 500

const findPatiently = async (
  store: Pick<ImageStore, 'find'>,
  key: string,
  signal: AbortSignal,
): Promise<StoredImage | undefined> => {
  for (let tries = 1; ; tries++) {
    try {
      return await store.find(key)
    } catch (error) {
      if (tries === TRIES) throw error
      await delay(PAUSE_MS * tries, undefined, { signal })
    }
  }
}

const extensionOf = ({ mimeType }: StoredImage): string => mimeType.replace(/^.*\//, '')
