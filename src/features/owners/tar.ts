/** One file of an archive; what is in it is in memory. */
export type TarFile = { name: string; bytes: Uint8Array; modifiedAt: Date }

const BLOCK_BYTES = 512
const MAX_NAME_BYTES = 100

/**
 * An archive as `tar` has it (POSIX.1-1988, "ustar"), piece by piece: no more of it is in memory than one file. Names are our own, of at
 * most 100 ASCII characters. Without its last piece an archive is visibly cut short.
 */
export async function* writeTar(files: AsyncIterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const file of files) {
    yield describeFile(file)
    yield file.bytes
    const rest = file.bytes.byteLength % BLOCK_BYTES
    if (rest > 0) yield Buffer.alloc(BLOCK_BYTES - rest)
  }
  yield Buffer.alloc(2 * BLOCK_BYTES)
}

const describeFile = ({ name, bytes, modifiedAt }: TarFile): Buffer => {
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > MAX_NAME_BYTES) {
    throw new Error(`a name of an archive is not ours: ${name}`)
  }
  const header = Buffer.alloc(BLOCK_BYTES)
  const put = (at: number, text: string) => header.write(text, at, 'latin1')
  const putNumber = (at: number, digits: number, value: number) =>
    put(at, value.toString(8).padStart(digits, '0'))
  put(0, name)
  putNumber(100, 7, 0o644)
  putNumber(108, 7, 0)
  putNumber(116, 7, 0)
  putNumber(124, 11, bytes.byteLength)
  putNumber(136, 11, Math.floor(modifiedAt.getTime() / 1_000))
  // The sum is made with blanks in its own place.
  put(148, ' '.repeat(8))
  put(156, '0')
  put(257, 'ustar\u000000')
  putNumber(
    148,
    6,
    header.reduce((sum, byte) => sum + byte, 0),
  )
  put(154, '\u0000 ')
  return header
}
