import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { Database } from '../../../../db/database.ts'
import { type Principal, principalOf } from '../../../adapters/http/auth.ts'
import { type Form, formBody, isForm } from '../../../adapters/http/form-body.ts'
import { sendUncached } from '../../../adapters/http/json.ts'
import type { MountedRoutes } from '../../../adapters/http/mounted-routes.ts'
import { jsonBody, parseBody } from '../../../adapters/http/parse-request.ts'
import type { DrawPlaceholder } from '../../../adapters/http/placeholder.ts'
import { parseImageData } from '../../../adapters/images/data-url.ts'
import { drawMask } from '../../../adapters/images/draw-mask.ts'
import {
  MAX_CONDITION_IMAGES,
  MAX_DIALECT_BODY_BYTES,
  MAX_IMAGE_BYTES,
} from '../../../contract/limits.ts'
import type { CallerInfo } from '../../../contract/server-info.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Gateway } from '../gateway.ts'
import { sendAnswer } from '../send-answer.ts'
import type { TakeImage } from '../take-image.ts'
import { presentPictures } from './answer.ts'
import { describePictures } from './describe.ts'
import { type Edit, isAddress, readForm, readJson } from './edits.ts'
import { type ImagesFields, imagesFieldsSchema } from './fields.ts'
import { createFindUsage } from './find-usage.ts'
import { describeMade, type HandOverDeps, handOver } from './hand-over.ts'
import { describeModel, listModels } from './models.ts'
import { type Offer, offerTo } from './offer.ts'
import { presentProblem } from './present-problem.ts'
import { createStream } from './stream.ts'
import { sumUsage } from './usage.ts'

export type OpenaiDeps = Offer &
  Omit<HandOverDeps, 'findUsage'> & {
    db: Database
    placeholder: DrawPlaceholder
    describeCaller: (principal: Principal) => CallerInfo
    takeImage: TakeImage
  }

const FORM_LIMITS = {
  totalBytes: MAX_DIALECT_BODY_BYTES,
  fileBytes: MAX_IMAGE_BYTES,
  /** A prompt, of which each character may have four bytes. */
  fieldBytes: 256 * 1_024,
  files: MAX_CONDITION_IMAGES + 2,
  fields: 50,
}

/** OpenAI's Images API, and as much of its models as clients look at. */
export const createOpenaiRoutes = (gateway: Gateway, given: OpenaiDeps): MountedRoutes => {
  const deps = { ...given, findUsage: createFindUsage(given.db) }
  const router = Router()
  const json = jsonBody(MAX_DIALECT_BODY_BYTES)
  const stream = createStream(gateway, deps)
  const offerOf = (res: Response) => offerTo(deps, deps.describeCaller(principalOf(res)))

  const answer = async (req: Request, res: Response, asked: Asked): Promise<void> => {
    const { fields, edit } = asked
    const describe = () => describePictures(deps, offerOf(res), fields, edit)
    if (fields.stream) return stream(req, res, { fields, describe, kind: kindOf(edit) })
    const answered = await gateway.ask(req, res, describe)
    const generations = answered.map(({ generation }) => generation)
    const { pictures, usages } = await handOver(gateway, deps, req, res, fields, generations)
    res.set('Imageonce-Made', describeMade(generations))
    sendAnswer(res, presentPictures(pictures, sumUsage(usages)))
  }

  router.post('/v1/images/generations', ...json, async (req, res) => {
    await answer(req, res, { fields: parseBody(imagesFieldsSchema, req.body), edit: undefined })
  })

  router.post('/v1/images/edits', readEither(json), async (req, res) => {
    const { body, edit } = isForm(req) ? readForm(req.body as Form) : readJson(req.body)
    const fields = parseBody(imagesFieldsSchema, body)
    const { ownerId } = principalOf(res)
    const masked = await showMask(edit, ownerId)
    await answer(req, res, { fields, edit: await takeImages(deps, masked, ownerId) })
  })

  router.get('/v1/models', (_req, res) => {
    sendUncached(res, listModels(offerOf(res).models))
  })

  router.get('/v1/models/:id', (req, res) => {
    const model = describeModel(offerOf(res).models, String(req.params.id))
    if (!model) throw new AppError('not_found', 'There is no model of this name.')
    sendUncached(res, model)
  })

  return {
    path: '/openai',
    access: 'token',
    handler: router,
    presentProblem,
    maxBodyBytes: MAX_DIALECT_BODY_BYTES,
  }
}

type Asked = { fields: ImagesFields; edit: Edit | undefined }

const kindOf = (edit: Edit | undefined) => (edit ? 'image_edit' : 'image_generation')

/** A form, or JSON that means the same. */
const readEither = (json: RequestHandler[]): RequestHandler => {
  const form = formBody(FORM_LIMITS)
  const ofJson = Router().use(...json)
  return (req, res, next) => (isForm(req) ? form(req, res, next) : ofJson(req, res, next))
}

/** Pictures that are named by their address, at most as many as a request may have, become the owner's. */
const takeImages = async (
  { takeImage }: Pick<OpenaiDeps, 'takeImage'>,
  edit: Edit,
  ownerId: string,
): Promise<Edit> => {
  if (edit.images.length > MAX_CONDITION_IMAGES) return edit
  const take = (image: string) => (isAddress(image) ? takeImage(ownerId, image, '/image') : image)
  const images: string[] = []
  for (const image of edit.images) images.push(await take(image))
  return { ...edit, images }
}

/** Models here see of transparency nothing: what a mask says by it, they are shown. */
const showMask = async (edit: Edit, ownerId: string): Promise<Edit> => {
  if (edit.overlay?.kind !== 'mask') return edit
  const bytes = parseImageData(edit.overlay.image, { pointer: 'mask' })
  const mask = await drawMask(bytes, ownerId).catch((error: unknown) => {
    throw error instanceof AppError ? nameMask(error) : error
  })
  return { ...edit, overlay: { kind: 'mask', image: mask.toString('base64') } }
}

const nameMask = ({ code, message, retryable }: AppError) =>
  new AppError(code, message, { pointer: 'mask', retryable })
