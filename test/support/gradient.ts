import sharp from 'sharp'

export const WIDTH = 64
export const HEIGHT = 48
export type Format = 'png' | 'jpeg' | 'webp'
export const FORMATS: Format[] = ['png', 'jpeg', 'webp']

/** Every pixel another colour. */
export const gradient = (channels: 3 | 4) => {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * channels)
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = (at * 7 + (at >> 8) * 31) % 256
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels } })
}
