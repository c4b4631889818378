import type { Image } from '../../src/client.ts'

type Words = { title: string; name: string; since: string; from?: string }

/** How each type is spoken of: an image of it, one of many, its time, and whose it is. */
export const imageWords: Record<Image['imageType'], Words> = {
  generated: { title: 'Generated image', name: 'image', since: 'Made', from: 'Made by' },
  user_uploaded: { title: 'Uploaded image', name: 'upload', since: 'Uploaded' },
  placeholder: { title: 'Placeholder', name: 'placeholder', since: 'Since', from: 'In place of' },
}

/** What an image is called where it is not seen. */
export const nameImage = ({ prompt, imageType, id }: Image): string =>
  prompt ?? `${imageWords[imageType].name} ${id.slice(2, 10)}`
