import type { Request, Response } from 'express'
import { principalOf } from '../../../adapters/http/auth.ts'
import type { ModelInfo } from '../../../contract/server-info.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Wanted } from '../gateway.ts'
import type { TakeImage } from '../take-image.ts'
import { findModel } from './find-model.ts'
import { type FalInput, parseInput } from './input.ts'

export type ReadRequestDeps = {
  models: readonly ModelInfo[]
  defaultModel: string
  takeImage: TakeImage
}

/** A request in our words, once for each picture. */
export type FalRequest = Pick<FalInput, 'outputFormat'> & { wanted: Wanted[] }

/** Reads what is asked for; pictures that are named by their address are fetched. Throws `ZodError` and `AppError`, in fal's names or ours. */
export const readRequest = async (
  { models, defaultModel, takeImage }: ReadRequestDeps,
  req: Request,
  res: Response,
  endpoint: readonly string[],
): Promise<FalRequest> => {
  const named = findModel(endpoint, models)
  const model = models.find(({ name }) => name === (named ?? defaultModel))
  if (!model) throw new TypeError(`there is no model ${defaultModel}`)
  const { wanted, count, outputFormat, imageUrls } = parseInput(req.body, model)
  // Before any of them is fetched.
  if (imageUrls.length > model.maxConditionImages) throw tooMany(model)
  const { ownerId } = principalOf(res)
  const conditionImages: string[] = []
  for (const [index, url] of imageUrls.entries()) {
    const isInside = /^data:/i.test(url)
    conditionImages.push(isInside ? url : await takeImage(ownerId, url, `/image_urls/${index}`))
  }
  const one: Wanted = {
    ...wanted,
    ...(named && { model: named }),
    ...(conditionImages.length > 0 && { conditionImages }),
    ...(isLow(req) && { lane: 'eager' as const }),
  }
  return {
    outputFormat,
    wanted: Array.from({ length: count }, (_, index) => ({ ...one, number: index + 1 })),
  }
}

const isLow = (req: Request): boolean => req.get('x-fal-queue-priority')?.toLowerCase() === 'low'

const tooMany = ({ name, maxConditionImages }: ModelInfo) =>
  new AppError('invalid_request', `has more than ${name} takes: ${maxConditionImages}`, {
    pointer: '/image_urls',
  })
