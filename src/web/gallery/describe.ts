import type { Image } from '../../client.ts'

/** What an image is called where it is not seen. */
export const nameImage = ({ prompt, imageType, id }: Image): string =>
  prompt ?? `${imageType === 'user_uploaded' ? 'Upload' : 'Image'} ${id.slice(2, 10)}`
