import type { SavedItem } from '../../contract/saved-item.ts'
import { defined, describeError, showGeneration, type Urls } from '../../generation/read/present.ts'
import type { LoadedItem } from './ask.ts'

/** A saved item as it is answered everywhere. `placeholder`: shown while its image could not even be asked for. */
export const presentItem = (
  { item, generation }: LoadedItem,
  urls: Urls,
  placeholder: string,
): SavedItem => {
  const madeBy = item.imageUrl === null ? generation : undefined
  const isWanted = item.imageUrl === null && item.prompt !== null
  const shown = item.imageUrl ?? (madeBy && showGeneration(madeBy, urls))
  return {
    id: item.id,
    isPlaceholder: madeBy ? madeBy.status !== 'succeeded' : isWanted,
    createdAt: item.createdAt.toISOString(),
    updatedAt: item.updatedAt.toISOString(),
    ...defined({
      title: item.title,
      prompt: item.prompt,
      imageUrl: shown ?? (isWanted ? placeholder : undefined),
      generationId: madeBy?.id,
      status: madeBy?.status,
      error: madeBy && describeError(madeBy),
      conditionImage: item.conditionImageId,
      transformation: item.transformation,
      aspectRatio: item.aspectRatio,
      imageSize: item.imageSize,
      model: item.model,
      variant: item.variant,
      data: item.data === null ? undefined : JSON.parse(item.data),
    }),
  }
}
