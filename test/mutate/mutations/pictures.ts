import type { Mutation } from '../mutation.ts'

const COPIED = ['test/unit/copied-picture.test.ts']

const PNG = 'src/adapters/images/png-parts.ts'
const JPEG = 'src/adapters/images/jpeg-parts.ts'
const INSPECT = 'src/adapters/images/inspect.ts'

/** What keeps out of a picture all that is not the picture. */
export const pictures: readonly Mutation[] = [
  {
    name: 'copied png: nothing but what shows it',
    why: 'words, places and marks of its maker are served with the picture',
    file: PNG,
    find: "CRITICAL.has(name) || (!seen.has('IDAT') && LOOKS[name]?.(data.length) === true)",
    replace: "name !== 'fdAT'",
    tests: COPIED,
  },
  {
    name: 'copied png: colours of their length',
    why: 'anything can be hidden in a chunk that says how to show colours',
    file: PNG,
    find: 'cHRM: (bytes) => bytes === 32,',
    replace: 'cHRM: () => true,',
    tests: COPIED,
  },
  {
    name: 'copied png: ends with its end',
    why: 'a file that is a picture and a program is served as it came',
    file: PNG,
    find: "return seen.has('IDAT') ? parts : undefined",
    replace: "return seen.has('IDAT') ? [...parts, png.subarray(at + whole.length)] : undefined",
    tests: COPIED,
  },
  {
    name: 'copied png: an empty end',
    why: 'anything can be hidden in the chunk that ends it',
    file: PNG,
    find: "if (name === 'IEND') return data.length === 0",
    replace: "if (name === 'IEND') return true",
    tests: COPIED,
  },
  {
    name: 'copied png: 16 bits are encoded anew',
    why: 'what is served is not what the rest reckons with',
    file: PNG,
    find: ' && data[BIT_DEPTH_AT] !== 16',
    replace: '',
    tests: COPIED,
  },
  {
    name: 'copied jpeg: no notes',
    why: 'words, places and marks of its maker are served with the picture',
    file: JPEG,
    find: "  if (marker === PROFILE && is('ICC_PROFILE\\0')) return segment\n  return undefined\n",
    replace: '  return segment\n',
    tests: COPIED,
  },
  {
    name: 'copied jpeg: no thumbnail',
    why: 'the picture carries another one, as it was before it was cut',
    file: JPEG,
    find: 'return shorten(segment, JFIF_BYTES, NO_THUMBNAIL)',
    replace: 'return segment',
    tests: COPIED,
  },
  {
    name: 'copied jpeg: ends with its end',
    why: 'a file that is a picture and a program is served as it came',
    file: JPEG,
    find: 'parts.push(jpeg.subarray(start, start + 2))',
    replace: 'parts.push(jpeg.subarray(start))',
    tests: COPIED,
  },
  {
    name: 'copied: none that lies on its side',
    why: 'a picture that was paid for is shown on its side',
    file: INSPECT,
    find: 'const isUpright = (metadata.orientation ?? 1) === 1',
    replace: 'const isUpright = metadata.format !== undefined',
    tests: COPIED,
  },
  {
    name: 'uploads are encoded anew',
    why: 'a stranger’s bytes are served as they came',
    file: 'src/app/submit.ts',
    find: 'createInspectImage({ ...UPLOAD_LIMITS,',
    replace: 'createInspectImage({ keepsEncoding: true, ...UPLOAD_LIMITS,',
    tests: ['test/integration/http-images.test.ts'],
    pattern: 'loses all that is not its pixels',
  },
]
