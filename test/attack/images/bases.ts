import sharp, { type Sharp } from 'sharp'

/** A picture as it should be, of which hostile ones are made. */
export type Base = { name: string; bytes: Buffer }

const WIDTH = 96
const HEIGHT = 64

const noise = (channels: 3 | 4, width = WIDTH, height = HEIGHT): Sharp => {
  const pixels = Buffer.alloc(width * height * channels)
  for (let at = 0; at < pixels.length; at++) pixels[at] = (at * 13 + (at >> 7) * 31) % 256
  return sharp(pixels, { raw: { width, height, channels } })
}

const svg = (inner: string) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">${inner}</svg>`)

/** Pictures of every kind that the decoder knows, with profiles, orientations, frames and depths. */
export const makeBases = async (): Promise<Base[]> => {
  const opaque = await noise(3).png().toBuffer()
  const frames = [opaque, await sharp(opaque).negate().png().toBuffer()]
  const joined = () => sharp(frames, { join: { animated: true } })
  const made: [string, Sharp][] = [
    ['png', noise(3).png()],
    ['png with alpha', noise(4).png({ compressionLevel: 9 })],
    ['png with a palette', noise(3).png({ palette: true })],
    ['png, interlaced', noise(4).png({ progressive: true })],
    ['png of 16 bits', noise(3).toColourspace('rgb16').png()],
    ['png in grey', noise(3).greyscale().png()],
    ['png with a profile', noise(3).withIccProfile('p3').png()],
    ['jpeg', noise(3).jpeg()],
    ['jpeg, progressive', noise(3).jpeg({ progressive: true })],
    ['jpeg in CMYK', noise(3).toColourspace('cmyk').jpeg()],
    ['jpeg, turned', noise(3).withMetadata({ orientation: 6 }).jpeg()],
    ['jpeg with a profile', noise(3).withIccProfile('p3').jpeg()],
    ['webp', noise(3).webp()],
    ['webp without loss', noise(4).webp({ lossless: true })],
    ['webp with a profile', noise(3).withIccProfile('p3').withMetadata({ orientation: 8 }).webp()],
    ['webp, animated', joined().webp()],
    ['avif', noise(3).avif({ effort: 0 })],
    ['gif', noise(3).gif({ effort: 1 })],
    ['gif, animated', joined().gif({ effort: 1 })],
    ['tiff', noise(3).tiff({ compression: 'none' })],
    ['tiff, deflated', noise(4).tiff({ compression: 'deflate', tile: true })],
    ['tiff of jpegs', noise(3).tiff({ compression: 'jpeg', pyramid: true, tile: true })],
  ]
  const bases = await Promise.all(
    made.map(async ([name, image]) => ({ name, bytes: await image.toBuffer() })),
  )
  return [
    ...bases,
    { name: 'svg', bytes: svg('<rect width="64" height="64"/>') },
    {
      name: 'svg that reads a file',
      bytes: svg('<image href="file:///etc/passwd" width="9" height="9"/>'),
    },
    {
      name: 'svg with entities',
      bytes: Buffer.concat([
        Buffer.from('<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;">]>'),
        svg('<text>&c;</text>'),
      ]),
    },
    { name: 'svg that filters', bytes: svg('<filter id="f"><feTurbulence/></filter>') },
  ]
}
