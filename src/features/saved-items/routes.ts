import { type Request, type Response, Router } from 'express'
import { jsonBody } from '../../adapters/http/body.ts'
import { type HttpContext, principalOf } from '../../adapters/http/http-context.ts'
import { createUrls } from '../../adapters/http/image-urls.ts'
import { sendWithETag } from '../../adapters/http/json.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { drawStandIn } from '../../adapters/http/placeholder.ts'
import {
  isItemId,
  newSavedItemSchema,
  type SavedItem,
  savedItemInputSchema,
} from '../../contract/saved-item.ts'
import { type LoadedItem, loadItems } from './ask.ts'
import { changeItem, notFound, removeItem } from './change.ts'
import { createItemDeps } from './item-deps.ts'
import { presentItem } from './present.ts'
import { findItem, type ItemKey, listItems } from './repository.ts'
import { saveItem } from './save.ts'

/** What owners save, with an image that is made ahead of need. */
export const createSavedItemRoutes = (context: HttpContext): Router => {
  const { db } = context
  const deps = createItemDeps(context)
  const router = Router()

  router.post('/', ...jsonBody(), async (req, res) => {
    const input = newSavedItemSchema.parse(req.body, { reportInput: true })
    const { isNew, loaded } = await saveItem(deps, principalOf(res).ownerId, input)
    const { base } = createUrls(context.signer, context.publicUrl, req)
    res.status(isNew ? 201 : 200).location(`${base}${req.baseUrl}/${loaded.item.id}`)
    res.set('Cache-Control', 'no-store').json(await answerItem(context, req, loaded))
  })

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { ownerId } = principalOf(res)
    const urls = createUrls(context.signer, context.publicUrl, req)
    const rows = await listItems(db, { ownerId, before, limit: limit + 1 })
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, ({ createdAt, id }) => ({
      at: createdAt,
      id,
    }))
    const items = await answerItems(context, req, await loadItems(deps, page))
    sendWithETag(req, res, { items, nextCursor })
  })

  router.get('/:id', async (req, res) => {
    const item = await findItem(db, keyOf(req, res))
    if (!item) throw notFound()
    const [loaded = { item }] = await loadItems(deps, [item])
    sendWithETag(req, res, await answerItem(context, req, loaded))
  })

  router.patch('/:id', ...jsonBody(), async (req, res) => {
    const input = savedItemInputSchema.parse(req.body, { reportInput: true })
    const loaded = await changeItem(deps, keyOf(req, res), input)
    res.set('Cache-Control', 'no-store').json(await answerItem(context, req, loaded))
  })

  router.delete('/:id', async (req, res) => {
    await removeItem(deps, keyOf(req, res))
    res.status(204).end()
  })

  return router
}

const keyOf = (req: Request, res: Response): ItemKey => {
  const id = String(req.params.id)
  if (!isItemId(id)) throw notFound()
  return { ownerId: principalOf(res).ownerId, id }
}

const answerItems = async (
  context: HttpContext,
  req: Request,
  loaded: LoadedItem[],
): Promise<SavedItem[]> => {
  const urls = createUrls(context.signer, context.publicUrl, req)
  const standIn = await drawStandIn(context, 'pending')
  return loaded.map((each) => presentItem(each, urls, standIn))
}

const answerItem = async (context: HttpContext, req: Request, loaded: LoadedItem) =>
  (await answerItems(context, req, [loaded]))[0]
