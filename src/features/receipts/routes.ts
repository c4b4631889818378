import { type Request, type Response, Router } from 'express'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { createEndingUrl, type ImageSigner } from '../../adapters/http/image-urls.ts'
import { sendUncached, sendWithETag } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { formatCursor, linkToNext, parsePageQuery } from '../../adapters/http/pagination.ts'
import { jsonBody, parseBody } from '../../adapters/http/parse-request.ts'
import { isGenerationId } from '../../contract/identity.ts'
import {
  type Answers,
  type Receipt,
  type ReceiptLink,
  receiptLinkInputSchema,
  type SharedReceipt,
} from '../../contract/receipt.ts'
import { defined, presentImage } from '../../generation/read/present.ts'
import { findGeneration, type GenerationWithImage } from '../../generation/state/repository.ts'
import { AppError } from '../../lib/errors.ts'
import { createReceiptUrl, findLinkEnd } from './link.ts'
import { type AskingsFound, describeAnswers, describeReceipt, findMaker } from './receipt.ts'
import { findSiblings, findSources } from './siblings.ts'

/** Receipts: what was paid for an image and what that answered, for who owns it and for who was given a link. */
export const createReceiptRoutes = (http: HttpContext, signer: ImageSigner): MountedRoutes[] => [
  { path: '/api/receipts', access: 'own', handler: createSharedRoutes(http, signer) },
  { path: '/api/images', access: 'token', handler: createImageRoutes(http, signer) },
  { path: '/api/generations', access: 'token', handler: createAnswerRoutes(http) },
]

const createImageRoutes = (http: HttpContext, signer: ImageSigner): Router => {
  const { db, urlsFor, answerGeneration, getOwnGeneration } = http
  const router = Router()

  router.get('/:id/receipt', async (req, res) => {
    const page = parsePage(req)
    const maker = await findMaker(db, await getOwnGeneration(req, res))
    const [receipt, siblings, sources] = await Promise.all([
      describeReceipt(db, maker, page),
      findSiblings(db, maker),
      findSources(db, maker),
    ])
    const { paid, answered } = receipt
    const body: Receipt = {
      generation: await answerGeneration(req, maker),
      paid,
      answered,
      ...cut(http, req, res, receipt),
      siblings: await Promise.all(
        siblings.map(async ({ row, ...rest }) => ({
          ...rest,
          generation: await answerGeneration(req, row),
        })),
      ),
      sources: sources.map((row) => presentImage(row, urlsFor(req))),
    }
    sendWithETag(req, res, body)
  })

  router.post('/:id/receipt/link', ...jsonBody(), async (req, res) => {
    const { expiresInSeconds } = parseBody(receiptLinkInputSchema, req.body)
    const { id } = await findMaker(db, await getOwnGeneration(req, res))
    const seconds = Math.floor(Date.now() / 1_000) + expiresInSeconds
    const expiresAt = new Date(seconds * 1_000)
    const url = createReceiptUrl(signer, { base: urlsFor(req).base, id, expiresAt })
    sendUncached(res, { url, expiresAt: expiresAt.toISOString() } satisfies ReceiptLink)
  })

  return router
}

const createAnswerRoutes = (http: HttpContext): Router => {
  const router = Router()
  router.get('/:id/answers', async (req, res) => {
    const page = parsePage(req)
    const row = await http.getOwnGeneration(req, res)
    const found = await describeAnswers(http.db, row, page)
    sendWithETag(req, res, cut(http, req, res, found) satisfies Answers)
  })
  return router
}

/** The address is the permission: it is signed, and says until when it is good. */
const createSharedRoutes = (http: HttpContext, signer: ImageSigner): Router => {
  const router = Router()
  router.get('/:id', async (req, res) => {
    const id = String(req.params.id)
    const expiresAt = findLinkEnd(signer, id, req.query)
    const row = expiresAt && isGenerationId(id) ? await findGeneration(http.db, id) : undefined
    if (!expiresAt || !row?.imageObjectKey) throw isOver()
    const page = parsePage(req)
    const { paid, answered, ...found } = await describeReceipt(http.db, row, page)
    const { base } = http.urlsFor(req)
    const { askings, nextCursor } = cut(http, req, res, found)
    const body: SharedReceipt = {
      imageUrl: createEndingUrl(signer, { base, id, expiresAt }),
      ...describeShown(row),
      paid,
      answered,
      askings: askings.map(({ kind, at, costUsd, savedUsd }) => ({
        kind,
        at,
        ...defined({ costUsd, savedUsd }),
      })),
      nextCursor,
      expiresAt: expiresAt.toISOString(),
    }
    sendUncached(res, body)
  })
  return router
}

const describeShown = (row: GenerationWithImage) => ({
  prompt: row.prompt,
  model: row.model,
  imageSize: row.imageSize,
  createdAt: row.createdAt.toISOString(),
  ...defined({
    aspectRatio: row.aspectRatio,
    width: row.width,
    height: row.height,
    thumbhash: row.thumbhash,
  }),
})

/** Askings are told apart by the ids of their events, in whose order they are. */
const parsePage = (req: Request): { before: string | undefined; limit: number } => {
  const { limit, before } = parsePageQuery(req)
  if (before && !/^\d{1,18}$/.test(before.id)) {
    throw new AppError('invalid_request', 'cursor must be one that an earlier page gave.', {
      pointer: '?cursor',
    })
  }
  return { limit, before: before?.id }
}

const cut = (
  { urlsFor }: HttpContext,
  req: Request,
  res: Response,
  { askings, next }: AskingsFound,
): Answers => {
  const nextCursor = next ? formatCursor(next) : null
  if (nextCursor) {
    linkToNext(req, res, `${urlsFor(req).base}${req.baseUrl}${req.path}`, nextCursor)
  }
  return { askings, nextCursor }
}

const isOver = () =>
  new AppError(
    'not_found',
    'This link is not, or no longer, good: ask whoever sent it for another.',
  )
