import type { Sharp } from 'sharp'
import type { Frame } from './local-art.ts'
import type { Palette } from './local-palette.ts'
import { drawText } from './local-text.ts'

/** Photos are drawn with at most this many pixels a drawing unit: more costs a second at 4K. */
const PHOTO_SCALE = 1.5

/** The condition image over the whole frame, crisper and richer, as SVG. */
export const drawEnhanced = async (photo: Sharp, frame: Frame): Promise<string> => {
  const data = await photo
    .clone()
    .resize({ ...toPixels(frame), fit: 'cover' })
    .flatten({ background: '#ffffff' })
    .recomb(SATURATE)
    .sharpen()
    .jpeg({ quality: 92 })
    .toBuffer()
  return drawImage({ x: 0, y: 0, ...frame }, data)
}

/** Saturation times 1.2, round the grey of each pixel (Rec. 709 weights). */
const SATURATE: [Row, Row, Row] = [
  [1.157, -0.143, -0.014],
  [-0.043, 1.057, -0.014],
  [-0.043, -0.143, 1.186],
]
type Row = [number, number, number]

/** The condition image as a framed print, askew on top of the art, as SVG. */
export const drawPrint = async (photo: Sharp, frame: Frame, { ink }: Palette): Promise<string> => {
  const room = { width: frame.width * 0.66, height: frame.height * 0.5 }
  const { data, info } = await photo
    .clone()
    .resize({ ...toPixels(room), fit: 'inside' })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 92 })
    .toBuffer({ resolveWithObject: true })
  const [width, height] = [info.width / PHOTO_SCALE, info.height / PHOTO_SCALE]
  const [x, y] = [(frame.width - width) / 2, frame.height * 0.06 + (room.height - height) / 2]
  const plate = (grow: number, drop: number, look: string) =>
    `<rect x="${x - grow}" y="${y - grow + drop}" width="${width + 2 * grow}" height="${height + 2 * grow}" rx="${grow}" ${look}/>`
  const shadow = [28, 22, 16, 12].map((grow) => plate(grow, 12, `fill="${ink}" fill-opacity=".1"`))
  const print = plate(10, 0, 'fill="#ffffff"') + drawImage({ x, y, width, height }, data)
  return `<g transform="rotate(-2 ${frame.width / 2} ${y + height / 2})">${shadow.join('')}${print}</g>`
}

/** The prompt at the bottom, over a shade, in at most `share` of the frame's height, as SVG. */
export const drawWords = async (
  prompt: string,
  frame: Frame,
  { ink }: Palette,
  share: number,
): Promise<string> => {
  const stop = (offset: number, opacity: number) =>
    `<stop offset="${offset}" stop-color="${ink}" stop-opacity="${opacity}"/>`
  const stops = stop(0.84 - share, 0) + stop(1.02 - share * 0.85, 0.58) + stop(1, 0.92)
  return `<defs><linearGradient id="shade" x2="0" y2="1">${stops}</linearGradient></defs>
<rect width="${frame.width}" height="${frame.height}" fill="url(#shade)"/>${await drawText(prompt, frame, share)}`
}

const toPixels = ({ width, height }: Frame): Frame => ({
  width: Math.max(1, Math.round(width * PHOTO_SCALE)),
  height: Math.max(1, Math.round(height * PHOTO_SCALE)),
})

const drawImage = (
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  jpeg: Buffer,
): string =>
  `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none" xlink:href="data:image/jpeg;base64,${jpeg.toString('base64')}"/>`
