import type { NewSavedItem } from '../../../db/schema.ts'
import type { ItemKey } from './repository.ts'

export const emptyItem = ({ ownerId, id }: ItemKey): NewSavedItem => ({
  ownerId,
  id,
  title: null,
  prompt: null,
  imageUrl: null,
  generationId: null,
  conditionImageId: null,
  transformation: null,
  aspectRatio: null,
  imageSize: null,
  model: null,
  variant: null,
  data: null,
  askAfter: null,
  askBefore: null,
  keyId: null,
  source: null,
})
