import type { ImageRef, RequestDetails } from '../../../db/request-details.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import type { ResolvedImages } from './resolve-images.ts'

/** What a request says beyond the columns of its row, with its images by what they are; null where it says no more. */
export const describeDetails = (
  request: GenerationRequest,
  { conditionImages, ofTurns, ofProviderRequest }: ResolvedImages,
): RequestDetails | null => {
  const { negativePrompt, seed, thinkingLevel, safetySettings, turns, number, providerRequest } =
    request
  const details: RequestDetails = {
    ...(conditionImages.length > 1 && { conditionImages: conditionImages.map(toRef) }),
    ...(negativePrompt !== undefined && { negativePrompt }),
    ...(seed !== undefined && { seed }),
    ...(thinkingLevel && { thinkingLevel }),
    ...(safetySettings && safetySettings.length > 0 && { safetySettings }),
    ...(turns && {
      turns: turns.map(({ role, text }, index) => {
        const images = (ofTurns[index] ?? []).map(toRef)
        return { role, ...(text !== undefined && { text }), ...(images.length > 0 && { images }) }
      }),
    }),
    ...(number !== undefined && number > 1 && { number }),
    ...(providerRequest && {
      providerRequest: {
        body: JSON.stringify(providerRequest.body),
        images: ofProviderRequest.map(toRef),
      },
    }),
  }
  return Object.keys(details).length > 0 ? details : null
}

const toRef = ({ id, digest }: ImageRef): ImageRef => ({ id, digest })

/** The request that a generation is of, with its images by their ids. */
export const requestOfRow = (
  row: Pick<
    GenerationRow,
    | 'prompt'
    | 'transformation'
    | 'imageSize'
    | 'model'
    | 'conditionImageId'
    | 'aspectRatio'
    | 'variant'
    | 'details'
  >,
): Omit<GenerationRequest, 'lane' | 'skipExistingCheck'> => {
  const { conditionImages, turns, providerRequest, ...plain } = row.details ?? {}
  return {
    prompt: row.prompt,
    transformation: row.transformation,
    imageSize: row.imageSize,
    model: row.model,
    ...(row.aspectRatio && { aspectRatio: row.aspectRatio }),
    ...(row.variant && { variant: row.variant }),
    ...(row.conditionImageId && !conditionImages && { conditionImage: row.conditionImageId }),
    ...(conditionImages && { conditionImages: conditionImages.map(toId) }),
    ...plain,
    ...(turns && {
      turns: turns.map(({ images, ...turn }) => ({
        ...turn,
        ...(images && { images: images.map(toId) }),
      })),
    }),
    ...(providerRequest && {
      providerRequest: {
        body: JSON.parse(providerRequest.body),
        images: providerRequest.images.map(toId),
      },
    }),
  }
}

const toId = ({ id }: ImageRef): string => id
