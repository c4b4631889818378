import type { InspectedImage } from '../ports.ts'

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

/** The same columns of an image that has no object. */
export const noStoredImage = {
  objectKey: null,
  mimeType: null,
  sizeBytes: null,
  width: null,
  height: null,
  thumbhash: null,
  contentDigest: null,
} satisfies Record<keyof ReturnType<typeof describeStoredImage>, null>
