import { z } from 'zod'
import { erasureSchema } from '../../contract/erasure.ts'
import { answer, content, type Operations, operation } from '../operation.ts'

const TAG = 'Owners'

const erasure = erasureSchema.meta({ id: 'Erasure' })
const path = z.object({ id: z.string().meta({ description: 'The owner’s id, encoded.' }) })

const eraseDescription =
  'Rows, objects, jobs and deliveries, by a worker, within a minute for 10,000 images. What is in the making is canceled. Until it is done, requests of the owner are refused with `erasure_under_way`; afterwards they begin anew. Safe to repeat.'
const exportDescription =
  'A tar archive with lines of JSON and the images; its last file is `end.json`. One at a time.'

export const owners: Operations = {
  '/api/me': {
    delete: operation(TAG, 'eraseMe', {
      summary: 'Erase all that is kept of you',
      description: eraseDescription,
      answers: { 202: answer('It is under way.', erasure) },
      problems: [503],
    }),
  },
  '/api/me/erasure': {
    get: operation(TAG, 'getMyErasure', {
      summary: 'Your newest erasure: how far it is, and then its receipt',
      answers: { 200: answer('The erasure.', erasure) },
      problems: [404, 503],
    }),
  },
  '/api/me/export': {
    get: operation(TAG, 'exportMe', {
      summary: 'All that is kept of you, as one file',
      description: exportDescription,
      answers: { 200: content('The archive.', 'application/x-tar') },
      problems: [429, 503],
    }),
  },
  '/api/owners/{id}': {
    delete: operation(TAG, 'eraseOwner', {
      summary: 'For operators: erase all that is kept of an owner',
      description: eraseDescription,
      path,
      answers: { 202: answer('It is under way.', erasure) },
      problems: [400, 403, 503],
    }),
  },
  '/api/owners/{id}/erasure': {
    get: operation(TAG, 'getErasure', {
      summary: 'For operators: an owner’s newest erasure',
      path,
      answers: { 200: answer('The erasure.', erasure) },
      problems: [400, 403, 404, 503],
    }),
  },
  '/api/owners/{id}/export': {
    get: operation(TAG, 'exportOwner', {
      summary: 'For operators: all that is kept of an owner, as one file',
      description: exportDescription,
      path,
      answers: { 200: content('The archive.', 'application/x-tar') },
      problems: [400, 403, 429, 503],
    }),
  },
}
