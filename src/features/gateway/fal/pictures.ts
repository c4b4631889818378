import type { Database } from '../../../../db/database.ts'
import { withFormat } from '../../../contract/format-url.ts'
import type { OutputFormat } from '../../../contract/vocabulary.ts'
import { showGeneration, type Urls } from '../../../generation/read/present.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'

/** What `result` gives. */
export type FalOutput = { images: FalImage[]; description: string }

type FalImage = {
  url: string
  content_type: string
  file_name: string
  /** Null where it is encoded anew as it is fetched. */
  file_size: number | null
  width: number | null
  height: number | null
}

/**
 * The pictures of generations that have succeeded, by URLs that need no credentials, and what the model said beside them.
 */
export const describeOutput = async (
  db: Database,
  rows: readonly GenerationWithImage[],
  { urls, outputFormat }: { urls: Urls; outputFormat: OutputFormat | undefined },
): Promise<FalOutput> => {
  const stored = await findStored(db, rows)
  const images = rows.map((row): FalImage => {
    const { mimeType, sizeBytes } = stored.get(row.imageId ?? '') ?? {}
    const ownFormat = (mimeType ?? 'image/png').replace('image/', '')
    const format = outputFormat ?? ownFormat
    return {
      url: withFormat(showGeneration(row, urls), outputFormat),
      content_type: `image/${format}`,
      file_name: `${row.id}.${format}`,
      file_size: format === ownFormat ? (sizeBytes ?? null) : null,
      width: row.width,
      height: row.height,
    }
  })
  const said = rows.flatMap(({ imageId }) => stored.get(imageId ?? '')?.said ?? [])
  return { images, description: said.join('\n\n') }
}

const findStored = async (db: Database, rows: readonly GenerationWithImage[]) => {
  const ids = rows.flatMap(({ imageId }) => imageId ?? [])
  if (ids.length === 0) return new Map()
  const found = await db
    .selectFrom('imageMetadata')
    .select(['id', 'mimeType', 'sizeBytes', 'said'])
    .where('id', 'in', ids)
    .execute()
  return new Map(found.map((each) => [each.id, each]))
}
