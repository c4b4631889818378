import { Router } from 'express'
import { isGenerationId, isImageId } from '../../../contract/identity.ts'
import {
  type EndingImageUrl,
  imageQuerySchema,
  imageUrlInputSchema,
} from '../../../contract/image.ts'
import { deleteImage, findShownImage } from '../../../generation/read/images.ts'
import {
  countImages,
  findConditionDigest,
  listImages,
  positionOfImage,
} from '../../../generation/read/list-images.ts'
import { presentImage } from '../../../generation/read/present.ts'
import { type UploadDeps, uploadImage } from '../../../generation/submit/uploads.ts'
import { AppError } from '../../../lib/errors.ts'
import { principalOf } from '../auth.ts'
import type { HttpContext } from '../http-context.ts'
import { createEndingUrl, type ImageSigner } from '../image-urls.ts'
import { sendUncached, sendWithETag } from '../json.ts'
import { cutPage, parsePageQuery, presentCount } from '../pagination.ts'
import { imageBody, jsonBody, parseBody, parseQuery } from '../parse-request.ts'
import { parseScope } from '../scope.ts'

/** The owner's images: list, upload, delete. */
export const createImageRoutes = (
  { db, urlsFor, logger }: HttpContext,
  { uploads, signer }: { uploads: UploadDeps; signer: ImageSigner },
): Router => {
  const router = Router()

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { type, conditionImage, owner, sort, count, ...made } = parseQuery(req, imageQuerySchema)
    const principal = principalOf(res)
    const ownerId = parseScope(principal, owner)
    if (ownerId === undefined) throw oneOwner()
    const conditionDigest =
      conditionImage && (await findConditionDigest(db, ownerId, conditionImage))
    const urls = urlsFor(req)
    const filter = { ownerId, imageType: type, conditionDigest, ...made }
    const [rows, counted] = await Promise.all([
      listImages(db, { ...filter, sort, before, limit: limit + 1 }),
      count ? countImages(db, filter) : undefined,
    ])
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, (row) =>
      positionOfImage(sort, row),
    )
    const shown = { showsOwner: principal.isAdmin }
    const images = page.map((row) => presentImage(row, urls, shown))
    sendWithETag(req, res, { images, nextCursor, ...presentCount(counted) })
  })

  router.post('/', ...imageBody(), async (req, res) => {
    if (!Buffer.isBuffer(req.body)) throw new AppError('invalid_image', 'The body is empty.')
    const row = await uploadImage(uploads, principalOf(res).ownerId, req.body)
    const image = presentImage(row, urlsFor(req))
    res.status(201).location(image.imageUrl).json(image)
  })

  router.post('/:id/url', ...jsonBody(), async (req, res) => {
    const { expiresInSeconds } = parseBody(imageUrlInputSchema, req.body)
    const id = String(req.params.id)
    const { ownerId, isAdmin } = principalOf(res)
    const shown = isShownId(id) ? await findShownImage(db, id) : undefined
    if (!shown || (shown.ownerId !== ownerId && !isAdmin)) {
      throw new AppError('not_found', 'There is no image with this id.')
    }
    const seconds = Math.floor(Date.now() / 1_000) + expiresInSeconds
    const expiresAt = new Date(seconds * 1_000)
    const imageUrl = createEndingUrl(signer, { base: urlsFor(req).base, id, expiresAt })
    const body = { imageUrl, expiresAt: expiresAt.toISOString() }
    sendUncached(res, body satisfies EndingImageUrl)
  })

  router.delete('/:id', async (req, res) => {
    const onOrphan = (objectKey: string, error: unknown) =>
      logger.warn({ objectKey, err: error }, 'a deleted image left its object in the store')
    await deleteImage(
      { db, store: uploads.store, onOrphan },
      principalOf(res).ownerId,
      String(req.params.id),
    )
    res.status(204).end()
  })

  return router
}

/** An image has the id of its generation, from when that was asked for; an upload one of its own. */
const isShownId = (id: string): boolean => isGenerationId(id) || isImageId(id)

const oneOwner = () =>
  new AppError('invalid_request', 'owner must name one owner, whose images these are.', {
    pointer: '?owner',
  })
