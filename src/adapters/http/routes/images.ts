import { Router } from 'express'
import { imageQuerySchema } from '../../../contract/image.ts'
import { deleteImage } from '../../../generation/read/images.ts'
import { findConditionDigest, listImages } from '../../../generation/read/list-images.ts'
import { presentImage } from '../../../generation/read/present.ts'
import { type UploadDeps, uploadImage } from '../../../generation/submit/uploads.ts'
import { AppError } from '../../../lib/errors.ts'
import { principalOf } from '../auth.ts'
import type { HttpContext } from '../http-context.ts'
import { sendWithETag } from '../json.ts'
import { cutPage, parsePageQuery } from '../pagination.ts'
import { imageBody, parseQuery } from '../parse-request.ts'

/** The owner's images: list, upload, delete. */
export const createImageRoutes = (
  { db, urlsFor, logger }: HttpContext,
  { uploads }: { uploads: UploadDeps },
): Router => {
  const router = Router()

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { type: imageType, conditionImage, ...made } = parseQuery(req, imageQuerySchema)
    const { ownerId } = principalOf(res)
    const conditionDigest =
      conditionImage && (await findConditionDigest(db, ownerId, conditionImage))
    const urls = urlsFor(req)
    const filter = { ownerId, imageType, conditionDigest, ...made }
    const rows = await listImages(db, { ...filter, before, limit: limit + 1 })
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, ({ generatedAt, id }) => ({
      at: generatedAt,
      id,
    }))
    sendWithETag(req, res, { images: page.map((row) => presentImage(row, urls)), nextCursor })
  })

  router.post('/', ...imageBody(), async (req, res) => {
    if (!Buffer.isBuffer(req.body)) throw new AppError('invalid_image', 'The body is empty.')
    const row = await uploadImage(uploads, principalOf(res).ownerId, req.body)
    const image = presentImage(row, urlsFor(req))
    res.status(201).location(image.imageUrl).json(image)
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
