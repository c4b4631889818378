import type { Request, Response } from 'express'
import type { HttpContext } from '../../../adapters/http/http-context.ts'
import { encodeAs } from '../../../adapters/images/encode-as.ts'
import type { OutputFormat } from '../../../contract/vocabulary.ts'
import type { EncodedImage, ImageStore, StoredImage } from '../../../generation/ports.ts'
import { versionOf } from '../../../generation/read/images.ts'
import { showGeneration } from '../../../generation/read/present.ts'
import type { FindThumbnail } from '../../../generation/read/thumbnail-keys.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Gateway } from '../gateway.ts'
import { toBase64 } from '../send-answer.ts'
import type { Looks, Picture } from './answer.ts'
import type { ImagesFields } from './fields.ts'
import type { FindUsage } from './find-usage.ts'
import { answersByUrl } from './models.ts'
import type { Usage } from './usage.ts'

export type HandOverDeps = {
  urlsFor: HttpContext['urlsFor']
  store: Pick<ImageStore, 'find'>
  findThumbnail: FindThumbnail
  findUsage: FindUsage
}

export type HandedOver = {
  pictures: readonly [Picture, ...Picture[]]
  /** What making each of them took, where that is on record. */
  usages: readonly (Usage | undefined)[]
}

/**
 * The pictures that were asked for as the app wants them: as base64 in the format that it names, or by a URL of this server. Throws as
 * `readPictures` does, and `unavailable` where too many others are being encoded.
 */
export const handOver = async (
  { readPictures }: Pick<Gateway, 'readPictures'>,
  deps: HandOverDeps,
  req: Request,
  res: Response,
  fields: ImagesFields,
  generations: readonly GenerationWithImage[],
): Promise<HandedOver> => {
  const show = async (): Promise<Picture[]> => {
    if (isByUrl(fields)) {
      const urls = deps.urlsFor(req)
      const format = fields.output_format
      return generations.map((each) => ({
        url: showGeneration(each, urls, format),
        ...looksOf(each),
        ...(format && { mimeType: `image/${format}` as const }),
      }))
    }
    const images = await readPictures(res, generations)
    return Promise.all(generations.map((each, at) => encode(deps, images[at], each, fields)))
  }
  const [pictures, usages] = await Promise.all([
    show(),
    Promise.all(generations.map(deps.findUsage)),
  ])
  return { pictures: pictures as [Picture, ...Picture[]], usages }
}

/** Asked for, or what the model's name was always answered with. */
const isByUrl = ({ response_format, model, stream }: ImagesFields): boolean => {
  // Events have the picture in them.
  if (stream) return false
  if (response_format === 'url' || response_format === 'b64_json') return response_format === 'url'
  return answersByUrl(model)
}

const encode = async (
  deps: HandOverDeps,
  image: StoredImage | undefined,
  generation: GenerationWithImage,
  { output_format: format, output_compression: quality }: ImagesFields,
): Promise<Picture> => {
  const made = image as EncodedImage
  const encoded = format ? await convert(deps, made, generation, { format, quality }) : made
  return { b64_json: toBase64(encoded.bytes), ...looksOf(generation), mimeType: encoded.mimeType }
}

/** Made once, and kept beside the picture; of a quality that an app chooses each time anew. */
const convert = async (
  { store, findThumbnail }: HandOverDeps,
  made: EncodedImage,
  { ownerId, imageObjectKey, imageContentDigest }: GenerationWithImage,
  { format, quality }: { format: OutputFormat; quality: number | undefined },
): Promise<EncodedImage> => {
  const mimeType = `image/${format}` as const
  if (quality !== undefined) return encodeAs(made, { format: mimeType, quality }, ownerId)
  if (mimeType === made.mimeType) return made
  const object = { key: imageObjectKey ?? '', version: versionOf(imageContentDigest ?? '') }
  const found = await findThumbnail(object, { width: 'whole', format })
  const image = found && (found.image ?? (await store.find(found.key)))
  if (image) return { bytes: image.bytes, mimeType }
  throw new AppError('unavailable', 'The image is lost; send this again, and it is made anew.', {
    retryable: true,
  })
}

const looksOf = (generation: GenerationWithImage): Looks => ({
  size: `${generation.width ?? 0}x${generation.height ?? 0}`,
  imageSize: generation.imageSize,
  madeAt: generation.finishedAt ?? generation.createdAt,
})

/** What came of what was asked for, as an item with parameters (RFC 9651): for the header `Imageonce-Made`. */
export const describeMade = ([first]: readonly GenerationWithImage[]): string => {
  const { model = '', calledModel, imageSize = '', aspectRatio } = first ?? {}
  return `"${calledModel ?? model}";size="${imageSize}"${aspectRatio ? `;aspect-ratio="${aspectRatio}"` : ''}`
}
