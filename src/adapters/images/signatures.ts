import { findImageMimeType } from '../../lib/images.ts'

/** What bytes are by how they begin, and whether the decoder reads such. */
type Signature = { name: string; isReadable: boolean }

/**
 * What bytes say they are, before any decoder is asked. The decoder would also read SVG, which is a program rather than a
 * picture.
 */
export const findSignature = (bytes: Uint8Array): Signature => {
  const known = findImageMimeType(bytes)
  if (known) return { name: `a ${known.replace('image/', '')}`, isReadable: true }
  const start = Buffer.from(bytes.subarray(0, START_BYTES)).toString('latin1')
  for (const { name, at = 0, words, isReadable = false } of SIGNATURES) {
    if (words.some((word) => start.startsWith(word, at))) return { name, isReadable }
  }
  if (/^\s*<(?:svg|\?xml)/i.test(start)) return { name: 'an svg or xml', isReadable: false }
  if (/^\s*<(?:!doctype|html)/i.test(start)) return { name: 'html', isReadable: false }
  const isText = start !== '' && !/[^\s\x20-\x7e\x80-\xff]/.test(start)
  return { name: isText ? 'text' : 'of an unknown kind', isReadable: false }
}

const START_BYTES = 256

const SIGNATURES: { name: string; at?: number; words: string[]; isReadable?: boolean }[] = [
  { name: 'a gif', words: ['GIF87a', 'GIF89a'], isReadable: true },
  { name: 'a tiff', words: ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'], isReadable: true },
  { name: 'an avif', at: 4, words: ['ftypavif', 'ftypavis'], isReadable: true },
  // HEIC and AVIF alike; the decoder reads the latter.
  { name: 'a heif', at: 4, words: ['ftypmif1', 'ftypmsf1', 'ftypmiaf'], isReadable: true },
  { name: 'a heic', at: 4, words: ['ftyphei', 'ftyphev'] },
  { name: 'a video', at: 4, words: ['ftyp'] },
  { name: 'a video', words: ['\x1aE\xdf\xa3'] },
  { name: 'a bmp', words: ['BM'] },
  { name: 'a jpeg xl', words: ['\xff\x0a', '\0\0\0\x0cJXL '] },
  { name: 'a jpeg 2000', words: ['\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'] },
  { name: 'a psd', words: ['8BPS'] },
  { name: 'an ico', words: ['\0\0\x01\0'] },
  { name: 'a pdf', words: ['%PDF-'] },
  { name: 'gzip', words: ['\x1f\x8b'] },
]
