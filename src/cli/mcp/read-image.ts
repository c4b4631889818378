import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { recognizeType } from '../../client/upload.ts'
import { isImageId } from '../../contract/identity.ts'
import { MAX_IMAGE_BYTES } from '../../contract/limits.ts'
import { messageOf, StartError } from '../../lib/errors.ts'

/**
 * A picture as a request takes it, from what a model names it by: an id, a URL of an imageonce server, or a file. What is no picture
 * is not sent anywhere: a model may have been talked into naming another file. Throws `StartError`.
 */
export const readImage = async (name: string): Promise<string> => {
  if (isImageId(name)) return name
  if (/^https?:/i.test(name)) return findId(name)
  if (/^data:image\//i.test(name)) return name
  const path = /^file:/i.test(name) ? toPath(name) : resolve(name)
  const bytes = await readPicture(path)
  return bytes.toString('base64')
}

/** The id in one of our image URLs; whose it is, the server finds out. Throws `StartError`. */
export const findId = (url: string): string => {
  const id = /\/(?:images|generations)\/([gi]_[0-9a-f]{40})(?![0-9a-z])/.exec(url)?.[1]
  if (id) return id
  throw new StartError(
    `${url} is no image of this imageonce server: download it, and give the path of the file.`,
  )
}

const toPath = (url: string): string => {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw new StartError(`Can't read ${url}: ${messageOf(error)}`)
  }
}

const readPicture = async (path: string): Promise<Buffer> => {
  const found = await stat(path).catch((error) => {
    throw new StartError(`Can't read ${path}: ${messageOf(error)}`)
  })
  if (!found.isFile()) throw new StartError(`Can't read ${path}: it is no file.`)
  if (found.size > MAX_IMAGE_BYTES) {
    throw new StartError(`${path} is too large: a picture has ${MAX_IMAGE_BYTES} bytes at most.`)
  }
  const bytes = await readFile(path).catch((error) => {
    throw new StartError(`Can't read ${path}: ${messageOf(error)}`)
  })
  if ((await recognizeType(bytes)).startsWith('image/')) return bytes
  throw new StartError(`${path} is no png, jpeg or webp.`)
}
