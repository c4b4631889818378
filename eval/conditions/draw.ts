import sharp from 'sharp'
import { drawLettering } from '../../src/adapters/providers/local-lettering.ts'

export const WIDTH = 640
export const HEIGHT = 480

type TextStyle = { x: number; y: number; size: number; fill?: string }

/** A line of text as an SVG element without fonts: the same on every machine. `size` is that of a font. */
export const drawText = (text: string, { x, y, size, fill = '#222222' }: TextStyle): string => {
  const room = { left: x, bottom: y + size, width: 4 * WIDTH, height: 2 * size }
  return `<g color="${fill}">${drawLettering(text, room, size * 0.7)}</g>`
}

export const drawScatter = (
  count: number,
  seed: number,
  draw: (random: () => number, index: number) => string,
): string => {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, index) => draw(random, index)).join('')
}

/** The drawing as a png, with a camera's noise (a standard deviation, in levels) that is the same each time. */
export const renderPng = async (elements: string, noise: number): Promise<Buffer> => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">${elements}</svg>`
  const { data, info } = await sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true })
  if (noise > 0) addNoise(data, noise)
  return sharp(data, { raw: info }).png().toBuffer()
}

const addNoise = (rgba: Buffer, noise: number): void => {
  const random = createRandom(7)
  const levels = new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.byteLength)
  for (let at = 0; at < levels.length; at += 4) {
    const grain = (random() + random() + random() - 1.5) * 2 * noise
    for (let channel = at; channel < at + 3; channel += 1) {
      levels[channel] = (levels[channel] ?? 0) + grain + (random() - 0.5) * noise
    }
  }
}

/** Mulberry32 (Tommy Ettinger, public domain): equal numbers from 0 to 1 for equal seeds. */
const createRandom = (seed: number) => {
  const { imul } = Math
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
