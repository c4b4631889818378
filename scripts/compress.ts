import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/*
 * Puts `x.br` and `x.gz` beside each file of the folders given that gets smaller by it, for `serveWebPages` to send in its place.
 */

const COMPRESSIBLE = /\.(js|css|html|svg|json)$/
/** Below it headers and packets outweigh what is saved. */
const MIN_BYTES = 1_000
/** The highest takes ten times as long for a few percent. */
const BROTLI_QUALITY = 9

const compress = async (path: string): Promise<void> => {
  const content = await readFile(path)
  if (content.length < MIN_BYTES) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }
  const variants: [string, Buffer][] = [
    ['br', await promisify(brotliCompress)(content, { params })],
    ['gz', await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION })],
  ]
  for (const [extension, bytes] of variants) {
    if (bytes.length < content.length) await writeFile(`${path}.${extension}`, bytes)
  }
}

for (const folder of process.argv.slice(2)) {
  const names = await readdir(folder, { recursive: true })
  const paths = names.filter((name) => COMPRESSIBLE.test(name)).map((name) => join(folder, name))
  await Promise.all(paths.map(compress))
}
