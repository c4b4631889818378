import { crc32 } from 'node:zlib'
import type { Choose } from '../requests/choose.ts'
import type { Base } from './bases.ts'

/** Nothing of it may be left in what is served. */
export const MARK = '<script>canary-of-a-polyglot</script>'

const SIDES = [0, 1, 7, 255, 16_383, 16_384, 65_535, 2 ** 31 - 1, 2 ** 32 - 1]

const SIGNATURES = [
  '89504e470d0a1a0a',
  'ffd8ffe0',
  '524946460000000057454250',
  '474946383961',
  '49492a00',
  '255044462d',
  '504b0304',
  '0000001c66747970617669660000',
]

/** A picture with something wrong in it, or with something else behind it. */
export const mutateImage = (choose: Choose, bases: readonly Base[]): Base => {
  const { name, bytes } = choose.from(bases)
  const [way, mutate] = choose.from(WAYS)
  return { name: `${name}, ${way}`, bytes: mutate(choose, Buffer.from(bytes), bases) }
}

type Mutate = (choose: Choose, bytes: Buffer, bases: readonly Base[]) => Buffer

const changeBytes: Mutate = (choose, bytes) => {
  const times = choose.from([1, 3, 12, 60])
  for (let time = 0; time < times; time++) {
    bytes[choose.below(bytes.length)] = choose.below(256)
  }
  return fixChecksums(bytes)
}

/** Where sizes, offsets and counts are. */
const changeStart: Mutate = (choose, bytes) => {
  const end = Math.min(bytes.length, 200)
  for (let time = 0; time < 3; time++) bytes[choose.below(end)] = choose.from([0, 1, 127, 128, 255])
  return fixChecksums(bytes)
}

const changeNumber: Mutate = (choose, bytes) => {
  const at = choose.below(Math.max(1, bytes.length - 4))
  const value = choose.from(SIDES)
  if (choose.happens(0.5)) bytes.writeUInt32BE(value, Math.min(at, bytes.length - 4))
  else bytes.writeUInt32LE(value, Math.min(at, bytes.length - 4))
  return fixChecksums(bytes)
}

/** Where a png, a webp, a gif and a jpeg have them; somewhere in every other one. */
const changeSides: Mutate = (choose, bytes) => {
  const side = () => choose.from(SIDES)
  const jpegFrame = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  if (bytes[0] === 0x89) {
    bytes.writeUInt32BE(side(), 16)
    bytes.writeUInt32BE(side(), 20)
  } else if (jpegFrame > 0 && bytes[0] === 0xff && jpegFrame + 9 < bytes.length) {
    bytes.writeUInt16BE(side() % 65_536, jpegFrame + 5)
    bytes.writeUInt16BE(side() % 65_536, jpegFrame + 7)
  } else if (bytes.length > 30) {
    bytes.writeUIntLE(side() % 2 ** 24, 24, 3)
    bytes.writeUIntLE(side() % 2 ** 24, 27, 3)
  }
  return fixChecksums(bytes)
}

const cut: Mutate = (choose, bytes) => bytes.subarray(0, choose.below(bytes.length))

const repeatPart: Mutate = (choose, bytes) => {
  const from = choose.below(bytes.length)
  const part = bytes.subarray(from, from + choose.below(bytes.length - from + 1))
  return Buffer.concat([bytes.subarray(0, from), part, part, bytes.subarray(from)])
}

/** Something is left of it: what is empty is no picture. */
const removePart: Mutate = (choose, bytes) => {
  const from = 1 + choose.below(bytes.length - 1)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + choose.below(400))])
}

const appendMark: Mutate = (_choose, bytes) => Buffer.concat([bytes, Buffer.from(MARK)])

const insertMark: Mutate = (choose, bytes) => {
  const at = choose.below(bytes.length)
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(MARK), bytes.subarray(at)])
}

const otherSignature: Mutate = (choose, bytes) =>
  Buffer.concat([
    Buffer.from(choose.from(SIGNATURES), 'hex'),
    choose.happens(0.5) ? bytes : bytes.subarray(8),
  ])

const joinTwo: Mutate = (choose, bytes, bases) => {
  const other = choose.from(bases).bytes
  const at = choose.below(bytes.length)
  return choose.happens(0.5)
    ? Buffer.concat([bytes, other])
    : Buffer.concat([bytes.subarray(0, at), other.subarray(Math.min(at, other.length))])
}

const WAYS: readonly (readonly [string, Mutate])[] = [
  ['as it is', (_choose, bytes) => bytes],
  ['with other bytes', changeBytes],
  ['with another start', changeStart],
  ['with another number', changeNumber],
  ['of other sides', changeSides],
  ['cut off', cut],
  ['with a part twice', repeatPart],
  ['without a part', removePart],
  ['with a page behind it', appendMark],
  ['with a page in it', insertMark],
  ['under another signature', otherSignature],
  ['joined with another', joinTwo],
]

/** A png's chunks have a checksum, without which a change is seen before it does anything. */
const fixChecksums = (bytes: Buffer): Buffer => {
  if (bytes.readUInt32BE(0) !== 0x89504e47) return bytes
  let at = 8
  while (at + 12 <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    const end = at + 8 + length
    if (end + 4 > bytes.length) return bytes
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end)
    at = end + 4
  }
  return bytes
}
