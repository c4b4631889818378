import { z } from 'zod'
import { answer, empty, json, type Operations, operation } from '../operation.ts'
import {
  ifNoneMatch,
  newSavedItem,
  page,
  pageQuery,
  savedItem,
  savedItemInput,
} from '../schemas.ts'

const TAG = 'Saved items'
const path = z.object({ id: z.string().meta({ description: 'The item’s id.' }) })
const problems = [400, 404, 413, 415, 422] as const

export const savedItems: Operations = {
  '/api/saved-items': {
    post: operation(TAG, 'saveItem', {
      summary: 'Save, and have the image made ahead of need',
      body: json(newSavedItem, { id: 'post-1', title: 'Monday', prompt: 'a red bicycle' }),
      answers: {
        200: answer('You have an item of this id: as it is now.', savedItem),
        201: answer('The item; its image comes by itself.', savedItem),
      },
      problems: [400, 413, 415, 422],
    }),
    get: operation(TAG, 'listItems', {
      summary: 'Your items, newest first',
      query: pageQuery,
      answers: { 200: answer('A page.', page('items', savedItem)) },
      problems: [400],
    }),
  },
  '/api/saved-items/{id}': {
    get: operation(TAG, 'getItem', {
      summary: 'One item',
      path,
      headers: z.object(ifNoneMatch),
      answers: { 200: answer('The item, with an `ETag`.', savedItem), 304: empty('Unchanged.') },
      problems: [404],
    }),
    patch: operation(TAG, 'changeItem', {
      summary: 'Change the given fields; null takes one away',
      path,
      body: json(savedItemInput, { prompt: 'a blue bicycle' }),
      answers: { 200: answer('The item as it is now.', savedItem) },
      problems,
    }),
    delete: operation(TAG, 'removeItem', {
      summary: 'Remove the item, not its image',
      path,
      answers: { 204: empty('It is gone.') },
      problems: [404],
    }),
  },
}
