import { z } from 'zod'
import {
  endingImageUrlSchema,
  imageQuerySchema,
  imageUrlInputSchema,
} from '../../contract/image.ts'
import { THUMBNAIL_FORMATS, THUMBNAIL_WIDTHS } from '../../contract/limits.ts'
import { imageMimeTypeSchema } from '../../contract/vocabulary.ts'
import { answer, content, empty, json, type Operations, operation, PUBLIC } from '../operation.ts'
import { countedPage, ifNoneMatch, image, pageQuery } from '../schemas.ts'

const TAG = 'Images'
const bytes = z.string().meta({ override: { type: 'string', format: 'binary' } })
const imageTypes = imageMimeTypeSchema.options

export const images: Operations = {
  '/images/{file}': {
    get: operation(TAG, 'showImage', {
      summary: 'The URL that always works',
      description:
        'For `<img src>`: no header is wanted, since the signature is the permission. The bare id works with its owner’s token. Not made yet: waits, then shows a placeholder (`Imageonce-Placeholder: true`, `no-store`).',
      path: z.object({
        file: z.string().meta({ description: '`<id>.<signature>`, as in `imageUrl`; or the id.' }),
      }),
      query: z.object({
        wait: z.coerce.number().int().min(0).optional().meta({
          description: 'Seconds to wait, no longer than `maxWaitSeconds` of `/api/info`.',
        }),
        w: z
          .enum(THUMBNAIL_WIDTHS.map(String))
          .optional()
          .meta({ description: 'A thumbnail of this width.' }),
        format: z
          .enum([...THUMBNAIL_FORMATS, 'png', 'jpeg'])
          .optional()
          .meta({
            description:
              'The thumbnail’s format: webp, unless avif is said. Without `w` the whole image in this one: png, jpeg or webp.',
          }),
        v: z.string().optional().meta({ description: 'The version: kept for ever with it.' }),
        exp: z.string().optional().meta({ description: 'When a URL ends that was asked to.' }),
      }),
      headers: z.object(ifNoneMatch),
      answers: {
        200: content('The image, or its placeholder.', ...imageTypes, 'image/avif'),
        302: empty('The image is in the store at `Location`.'),
        304: empty('It has not changed.'),
      },
      problems: [400, 404, 503],
      security: PUBLIC,
    }),
  },
  '/api/images/{id}/url': {
    post: operation(TAG, 'limitImageUrl', {
      summary: 'A URL of an image that ends',
      description: 'Its end is signed with it. Works from when the image was asked for.',
      path: z.object({
        id: z.string().meta({ description: 'The image’s id, or its generation’s.' }),
      }),
      body: json(imageUrlInputSchema, { expiresInSeconds: 3_600 }),
      answers: { 200: answer('The URL, and when it ends.', endingImageUrlSchema) },
      problems: [400, 404, 415],
    }),
  },
  '/api/images': {
    get: operation(TAG, 'listImages', {
      summary: 'Your images, newest first',
      description:
        'With `conditionImage`, which is the digest or the id of an image: all that was made from it, in whichever place it was sent among others, and whichever of its copies. `q`, `sort` and `count` as of generations. Operators see another owner’s with `owner=<id>`.',
      query: pageQuery.extend(imageQuerySchema.shape),
      answers: { 200: answer('A page.', countedPage('images', image)) },
      problems: [400, 403],
    }),
    post: operation(TAG, 'uploadImage', {
      summary: 'Store an image, to condition others on it',
      description:
        'Equal bytes are one image; the same picture in another file has the same `digest`. It is decoded and encoded anew: no metadata is kept.',
      body: {
        required: true,
        content: Object.fromEntries(imageTypes.map((type) => [type, { schema: bytes }])),
      },
      answers: { 201: answer('The image, with the id to name it by.', image) },
      problems: [413, 415, 422, 503],
    }),
  },
  '/api/images/{id}': {
    delete: operation(TAG, 'deleteImage', {
      summary: 'Delete an image, row and object',
      path: z.object({ id: z.string() }),
      answers: { 204: empty('It is gone; generations that showed it are `canceled`.') },
      problems: [404],
    }),
  },
}
