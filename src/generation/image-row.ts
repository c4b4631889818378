import type { InspectedImage } from './ports.ts'

/** How an image that is in the store stands in `image_metadata`. */
export const describeStoredImage = (image: InspectedImage, objectKey: string) => ({
  objectKey,
  mimeType: image.mimeType,
  sizeBytes: image.bytes.byteLength,
  width: image.width,
  height: image.height,
  thumbhash: image.thumbhash,
  contentDigest: image.digest,
})
