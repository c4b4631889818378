import sharp from 'sharp'
import type { ChaosClient } from '../client.ts'
import { pictureColourOf } from '../provider.ts'

/**
 * Whether the image URL gives the very pixels that the provider sent for this prompt. The bytes are other ones, since
 * the service encodes anew.
 */
export const isRightPicture = async (
  client: ChaosClient,
  id: string,
  prompt: string,
): Promise<boolean> => {
  const { imageUrl } = await client.get(id)
  return showsPictureOf(await client.download(imageUrl), prompt)
}

/** Whether these bytes are the provider's picture for this prompt, whole. */
export const showsPictureOf = async (bytes: Buffer, prompt: string): Promise<boolean> => {
  try {
    const { data } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    const { r, g, b } = pictureColourOf(prompt)
    const expected = Buffer.from([r, g, b])
    return data.length > 0 && data.equals(Buffer.alloc(data.length, expected))
  } catch {
    return false
  }
}
