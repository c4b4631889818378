import type { ImageMimeType, ImageSize, OutputFormat } from '../../../contract/vocabulary.ts'
import { describeQuality } from './shape.ts'
import type { Usage } from './usage.ts'

/** A picture as it is handed over: as base64, or where it is. */
export type Picture = ({ b64_json: string } | { url: string }) & Looks

export type Looks = {
  /** Absent where it is not at hand. */
  mimeType?: ImageMimeType
  /** As `1024x768`. */
  size: string
  imageSize: ImageSize
  madeAt: Date
}

/** The body that OpenAI answers generations and edits with. It is the same at every repeat. */
export const presentPictures = (
  pictures: readonly [Picture, ...Picture[]],
  usage: Usage | undefined,
) => ({
  created: toSeconds(pictures[0].madeAt),
  data: pictures.map(dataOf),
  ...describe(pictures[0]),
  ...(usage && { usage }),
})

export type StreamKind = 'image_generation' | 'image_edit'

/** The event of a picture that is done. */
export const presentCompleted = (kind: StreamKind, picture: Picture, usage: Usage) => ({
  type: `${kind}.completed`,
  ...dataOf(picture),
  created_at: toSeconds(picture.madeAt),
  ...describe(picture),
  usage,
})

/** The event of what is shown until then. */
export const presentPartial = (kind: StreamKind, picture: Picture, index: number) => ({
  type: `${kind}.partial_image`,
  ...dataOf(picture),
  partial_image_index: index,
  created_at: toSeconds(picture.madeAt),
  ...describe(picture),
})

const dataOf = (picture: Picture): { b64_json: string } | { url: string } =>
  'url' in picture ? { url: picture.url } : { b64_json: picture.b64_json }

/** What it came to, which may be something else than was asked for. No model here makes a transparent background. */
const describe = ({ mimeType, size, imageSize }: Looks) => ({
  background: 'opaque' as const,
  ...(mimeType && { output_format: FORMATS[mimeType] }),
  quality: describeQuality(imageSize),
  size,
})

const FORMATS: Record<ImageMimeType, OutputFormat> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/webp': 'webp',
}

const toSeconds = (at: Date): number => Math.floor(at.getTime() / 1_000)
