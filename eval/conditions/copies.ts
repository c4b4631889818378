import sharp, { type Sharp } from 'sharp'

/** One way of saving a picture anew. */
export type Copy = { name: string; save: (bytes: Buffer) => Promise<Buffer> }

const copy = (name: string, save: (picture: Sharp) => Sharp): Copy => ({
  name,
  save: (bytes) => save(sharp(bytes)).toBuffer(),
})

/** They keep every pixel. */
export const exactCopies: Copy[] = [
  copy('png, packed otherwise', (picture) =>
    picture.png({ compressionLevel: 1, adaptiveFiltering: true }),
  ),
  copy('png with metadata', (picture) =>
    picture.withExif({ IFD0: { Copyright: 'somebody' } }).png(),
  ),
  copy('png of 16 bits', (picture) => picture.toColourspace('rgb16').png()),
  copy('webp, lossless', (picture) => picture.webp({ lossless: true, effort: 0 })),
  {
    name: 'turned, with an EXIF note of it',
    save: async (bytes) => {
      const turned = await sharp(bytes).rotate(270).png().toBuffer()
      return sharp(turned).withMetadata({ orientation: 6 }).webp({ lossless: true }).toBuffer()
    },
  },
]

const jpeg = (quality: number, chromaSubsampling: '4:2:0' | '4:4:4') =>
  copy(`jpeg ${quality}, ${chromaSubsampling}`, (picture) =>
    picture.flatten({ background: '#ffffff' }).jpeg({ quality, chromaSubsampling }),
  )

/** What a camera or an editor might have saved in the first place. */
export const jpegOriginal = jpeg(92, '4:2:0')

export const lossyCopies: Copy[] = [
  ...[95, 90, 85, 80, 70].map((quality) => jpeg(quality, '4:4:4')),
  ...[95, 90, 85, 80, 70].map((quality) => jpeg(quality, '4:2:0')),
  ...[95, 90, 80, 70].map((quality) =>
    copy(`webp ${quality}`, (picture) => picture.webp({ quality })),
  ),
]

/** How near misses come: as they are, and compressed. */
export const asNearMiss: Copy[] = [
  copy('png', (picture) => picture.png()),
  ...lossyCopies.filter(({ name }) =>
    ['jpeg 95, 4:4:4', 'jpeg 90, 4:2:0', 'jpeg 80, 4:2:0', 'webp 90'].includes(name),
  ),
]
