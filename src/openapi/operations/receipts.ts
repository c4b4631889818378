import { z } from 'zod'
import {
  answersSchema,
  receiptLinkInputSchema,
  receiptLinkSchema,
  receiptSchema,
  sharedReceiptSchema,
} from '../../contract/receipt.ts'
import { answer, empty, json, type Operations, operation, PUBLIC } from '../operation.ts'
import { generationPath, ifNoneMatch, pageQuery } from '../schemas.ts'

const TAG = 'Receipts'

export const receipts: Operations = {
  '/api/images/{id}/receipt': {
    get: operation(TAG, 'getReceipt', {
      summary: 'What an image cost, and every asking that it answered',
      description:
        'Of the image that a generation shows, whichever made it. `askings` are newest first; images near it come with the fields in which they differ.',
      path: generationPath,
      query: pageQuery,
      headers: z.object(ifNoneMatch),
      answers: {
        200: answer('The receipt.', receiptSchema.meta({ id: 'Receipt' })),
        304: empty('It has not changed.'),
      },
      problems: [400, 404, 503],
    }),
  },
  '/api/images/{id}/receipt/link': {
    post: operation(TAG, 'shareReceipt', {
      summary: 'A link that shows the receipt to whoever has it, until it ends',
      description:
        'Shown are the picture, its prompt, what was paid and saved, and when it was asked for; no owner, no id and no other image.',
      path: generationPath,
      body: json(receiptLinkInputSchema, { expiresInSeconds: 604_800 }),
      answers: { 200: answer('The link, and when it ends.', receiptLinkSchema) },
      problems: [400, 404, 415, 503],
    }),
  },
  '/api/receipts/{id}': {
    get: operation(TAG, 'getSharedReceipt', {
      summary: 'The receipt behind a link',
      path: generationPath,
      query: pageQuery.extend({
        exp: z.string().meta({ description: 'When the link ends; of its address.' }),
        signature: z.string().meta({ description: 'Stands in for a token; of its address.' }),
      }),
      answers: {
        200: answer('What the link shows.', sharedReceiptSchema.meta({ id: 'SharedReceipt' })),
      },
      problems: [400, 404, 503],
      security: PUBLIC,
    }),
  },
  '/api/generations/{id}/answers': {
    get: operation(TAG, 'listAnswers', {
      summary: 'Every asking for this generation, paid or not, newest first',
      path: generationPath,
      query: pageQuery,
      answers: { 200: answer('A page.', answersSchema.meta({ id: 'Answers' })) },
      problems: [400, 404, 503],
    }),
  },
}
