import { z } from 'zod'
import { keyInputSchema, keySchema } from '../../contract/key.ts'
import { answer, json, type Operations, operation } from '../operation.ts'
import { page, pageQuery } from '../schemas.ts'

const TAG = 'Keys'
const key = keySchema.meta({ id: 'Key' })
const path = z.object({ id: z.string().meta({ description: 'The key’s id.' }) })
const example = { name: 'the shop’s back end', onBehalf: true, scopes: ['read', 'generate'] }

export const keys: Operations = {
  '/api/keys': {
    post: operation(TAG, 'createKey', {
      summary: 'For operators: make a key',
      description:
        'For an owner, or for a back end whose requests name theirs in `Imageonce-Owner`. The key itself is in this answer alone.',
      body: json(keyInputSchema.meta({ id: 'KeyInput' }), example),
      answers: { 201: answer('The key, with what it is sent as.', key) },
      problems: [400, 403, 415],
    }),
    get: operation(TAG, 'listKeys', {
      summary: 'For operators: all keys, newest first',
      query: pageQuery,
      answers: { 200: answer('A page.', page('keys', key)) },
      problems: [400, 403],
    }),
  },
  '/api/keys/{id}': {
    delete: operation(TAG, 'revokeKey', {
      summary: 'For operators: revoke a key',
      description: 'For good, in every process within a second.',
      path,
      answers: { 200: answer('The key as it is now.', key) },
      problems: [403, 404],
    }),
  },
}
