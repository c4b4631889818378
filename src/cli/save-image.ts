import { constants } from 'node:fs'
import { access, rename, rm, stat } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import sharp from 'sharp'
import { StartError } from '../lib/errors.ts'

const FORMAT_BY_EXTENSION = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
} as const

/** Throws `StartError` where no image could be saved, while nothing is paid for yet. */
export const assertSavable = async (file: string): Promise<void> => {
  chooseFormat(file)
  try {
    await access(dirname(file), constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new StartError(`Can't write ${file}: ${(error as Error).message}`)
  }
  const there = await stat(file).catch(() => undefined)
  if (there?.isDirectory()) throw new StartError(`Can't write ${file}: it is a directory.`)
}

/** Downloads an image into a file, in the format that the file's name asks for; whole or not at all. */
export const saveImage = async (url: string, file: string): Promise<void> => {
  const format = chooseFormat(file)
  const response = await fetch(url)
  if (!response.ok) throw new StartError(`The image did not come: ${response.status}`)
  const draft = `${file}.${process.pid}.part`
  try {
    await sharp(await response.arrayBuffer())
      .toFormat(format, { quality: 95 })
      .toFile(draft)
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw new StartError(`Can't write ${file}: ${(error as Error).message}`)
  }
}

const chooseFormat = (file: string) => {
  const extension = extname(file).toLowerCase()
  const format = FORMAT_BY_EXTENSION[extension as keyof typeof FORMAT_BY_EXTENSION]
  if (format) return format
  throw new StartError(`${file} must end in .png, .jpg or .webp.`)
}
