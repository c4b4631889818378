const PNG_SIGNATURE_BYTES = 8
const RIFF_HEADER_BYTES = 12

/** True for an APNG, which decoders without animation (libvips too) silently read as its first frame. */
export const isAnimatedPng = (bytes: Uint8Array): boolean => {
  const png = toBuffer(bytes)
  let at = PNG_SIGNATURE_BYTES
  while (at + 8 <= png.length) {
    const name = png.toString('latin1', at + 4, at + 8)
    if (name === 'acTL') return true
    if (name === 'IDAT') return false
    at += 12 + png.readUInt32BE(at)
  }
  return false
}

/** libvips does not tell how a webp was compressed. */
export const isLosslessWebp = (bytes: Uint8Array): boolean => {
  const webp = toBuffer(bytes)
  let at = RIFF_HEADER_BYTES
  while (at + 8 <= webp.length) {
    if (webp.toString('latin1', at, at + 4) === 'VP8L') return true
    const size = webp.readUInt32LE(at + 4)
    at += 8 + size + (size % 2)
  }
  return false
}

const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
