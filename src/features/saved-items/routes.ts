import { type Request, type Response, Router } from 'express'
import { keyIdOf, principalOf } from '../../adapters/http/auth.ts'
import type { AssertMayAsk } from '../../adapters/http/caller-policy.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendWithETag } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { cutPage, parsePageQuery } from '../../adapters/http/pagination.ts'
import { imageJsonBody, parseBody } from '../../adapters/http/parse-request.ts'
import { type DrawPlaceholder, drawPlaceholderUrl } from '../../adapters/http/placeholder.ts'
import type { UpstreamKeys } from '../../adapters/http/upstream-key.ts'
import {
  isItemId,
  newSavedItemSchema,
  type SavedItem,
  savedItemInputSchema,
} from '../../contract/saved-item.ts'
import { type ItemDeps, type LoadedItem, loadItems } from './ask.ts'
import { changeItem, notFound, removeItem } from './change.ts'
import { presentItem } from './present.ts'
import { findItem, type ItemKey, listItems } from './repository.ts'
import { saveItem } from './save.ts'

type Deps = {
  items: ItemDeps
  placeholder: DrawPlaceholder
  assertMayAsk: AssertMayAsk
  assertServerPays: UpstreamKeys['assertServerPays']
}

/** What owners save, with an image that is made ahead of need. */
export const createSavedItemRoutes = (
  { db, urlsFor }: HttpContext,
  { items: deps, placeholder, assertMayAsk, assertServerPays }: Deps,
): MountedRoutes => {
  const router = Router()
  const answerItems = async (req: Request, loaded: LoadedItem[]): Promise<SavedItem[]> => {
    const pendingUrl = await drawPlaceholderUrl(placeholder, 'pending')
    return loaded.map((each) => presentItem(each, urlsFor(req), pendingUrl))
  }
  const answerItem = async (req: Request, loaded: LoadedItem) =>
    (await answerItems(req, [loaded]))[0]

  /** An item's image is asked for ahead of need, whoever saves it: the lane is not its owner's choice. */
  const depsOf = (res: Response): ItemDeps => ({
    ...deps,
    keyId: keyIdOf(res),
    assertMayAsk: (asked) => {
      assertServerPays(res.req, res)
      assertMayAsk(principalOf(res), { ...asked, lane: null })
    },
  })

  router.post('/', ...imageJsonBody(), async (req, res) => {
    const input = parseBody(newSavedItemSchema, req.body)
    const { isNew, loaded } = await saveItem(depsOf(res), principalOf(res).ownerId, input)
    const { base } = urlsFor(req)
    res.status(isNew ? 201 : 200).location(`${base}${req.baseUrl}/${loaded.item.id}`)
    res.set('Cache-Control', 'no-store').json(await answerItem(req, loaded))
  })

  router.get('/', async (req, res) => {
    const { limit, before } = parsePageQuery(req)
    const { ownerId } = principalOf(res)
    const urls = urlsFor(req)
    const rows = await listItems(db, { ownerId, before, limit: limit + 1 })
    const { page, nextCursor } = cutPage(req, res, urls, rows, limit, ({ createdAt, id }) => ({
      at: createdAt,
      id,
    }))
    const items = await answerItems(req, await loadItems(deps, page))
    sendWithETag(req, res, { items, nextCursor })
  })

  router.get('/:id', async (req, res) => {
    const item = await findItem(db, keyOf(req, res))
    if (!item) throw notFound()
    const [loaded = { item }] = await loadItems(deps, [item])
    sendWithETag(req, res, await answerItem(req, loaded))
  })

  router.patch('/:id', ...imageJsonBody(), async (req, res) => {
    const input = parseBody(savedItemInputSchema, req.body)
    const loaded = await changeItem(depsOf(res), keyOf(req, res), input)
    res.set('Cache-Control', 'no-store').json(await answerItem(req, loaded))
  })

  router.delete('/:id', async (req, res) => {
    await removeItem(deps, keyOf(req, res))
    res.status(204).end()
  })

  return { path: '/api/saved-items', access: 'token', handler: router }
}

const keyOf = (req: Request, res: Response): ItemKey => {
  const id = String(req.params.id)
  if (!isItemId(id)) throw notFound()
  return { ownerId: principalOf(res).ownerId, id }
}
