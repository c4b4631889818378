import type { Sharp } from 'sharp'
import { MAX_IMAGE_PIXELS } from '../../contract/limits.ts'
import type { AspectRatio, ImageSize } from '../../contract/vocabulary.ts'
import type { ProviderRequest } from '../../generation/ports.ts'
import { loadSharp } from '../../lib/load-sharp.ts'
import { drawArt, type Frame } from './local-art.ts'
import { drawEnhanced, drawPrint, drawWords } from './local-layers.ts'
import { createPalette } from './local-palette.ts'
import { createRandom } from './local-random.ts'

const LONG_EDGE_UNITS = 1024
const longEdgePixels: Record<ImageSize, number> = { '1K': 1024, '2K': 2048, '4K': 4096 }
/** 4K then takes 0.75 s of one core, of which two thirds are drawing. */
const webpEffort: Record<ImageSize, number> = { '1K': 2, '2K': 2, '4K': 0 }
/** The most drawn out picture made for a condition image, long edge to short. */
const MAX_STRETCH = 4

/** WebP bytes, equal for equal requests. Throws sharp's error for a condition image that does not decode. */
export const renderPicture = async (request: ProviderRequest): Promise<Uint8Array> => {
  const sharp = await loadSharp()
  const photo = request.conditionImage && openPhoto(sharp, request.conditionImage.bytes)
  const frame = frameOf(await ratioOf(request.aspectRatio, photo))
  const random = createRandom(request)
  const palette = createPalette(request.prompt, random)
  const isEnhanced = photo && request.transformation === 'enhance'
  const layers = [
    isEnhanced ? await drawEnhanced(photo, frame) : drawArt(frame, palette, random),
    photo && !isEnhanced ? await drawPrint(photo, frame, palette) : '',
    await drawWords(request.prompt, frame, palette, photo ? 0.2 : 0.52),
  ]
  const svg = toSvg(layers.join(''), frame, longEdgePixels[request.imageSize])
  return sharp(svg).webp({ quality: 88, effort: webpEffort[request.imageSize] }).toBuffer()
}

type Load = Awaited<ReturnType<typeof loadSharp>>

const openPhoto = (sharp: Load, bytes: Uint8Array): Sharp =>
  sharp(bytes, { failOn: 'error', limitInputPixels: MAX_IMAGE_PIXELS }).autoOrient()

/** Width to height: the one asked for, else the condition image's, else a square. */
const ratioOf = async (
  asked: AspectRatio | undefined,
  photo: Sharp | undefined,
): Promise<number> => {
  if (asked) {
    const [width = 1, height = 1] = asked.split(':').map(Number)
    return width / height
  }
  if (!photo) return 1
  const { autoOrient } = await photo.metadata()
  return Math.min(MAX_STRETCH, Math.max(1 / MAX_STRETCH, autoOrient.width / autoOrient.height))
}

const frameOf = (ratio: number): Frame =>
  ratio >= 1
    ? { width: LONG_EDGE_UNITS, height: Math.round(LONG_EDGE_UNITS / ratio) }
    : { width: Math.round(LONG_EDGE_UNITS * ratio), height: LONG_EDGE_UNITS }

const toSvg = (elements: string, { width, height }: Frame, longEdge: number): Buffer => {
  const scale = longEdge / LONG_EDGE_UNITS
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width * scale}" height="${height * scale}" viewBox="0 0 ${width} ${height}">${elements}</svg>`,
  )
}
