import {
  feedbackSchema,
  similarityCheckSchema,
  similarityChecksQuerySchema,
  similarityChoiceSchema,
  similarityQuerySchema,
  similarityReportSchema,
} from '../../contract/similarity.ts'
import { answer, json, type Operations, operation } from '../operation.ts'
import { page, pageQuery, generationPath as path } from '../schemas.ts'

const TAG = 'Similar images'

const check = similarityCheckSchema.meta({
  id: 'SimilarityCheck',
  description: 'A similar image was found for this generation that reuse answers with.',
})
const report = similarityReportSchema.meta({ id: 'SimilarityReport' })

export const similarity: Operations = {
  '/api/generations/{id}/feedback': {
    post: operation(TAG, 'judgeSimilarImage', {
      summary: 'Say whether the similar image is the right one, or would have been',
      description:
        'The newest word holds. Too many rejections turn the owner’s `reuse` back to `suggest`.',
      path,
      body: json(feedbackSchema, { accepted: false }),
      answers: { 200: answer('What was judged.', check) },
      problems: [400, 404, 409, 413, 415, 503],
    }),
  },
  '/api/similarity': {
    get: operation(TAG, 'describeSimilarity', {
      summary: 'What becomes of your similar images, and how right they were',
      description: 'Operators see another owner’s with `owner=<id>`, everybody’s with `owner=*`.',
      query: similarityQuerySchema,
      answers: { 200: answer('The mode, and figures of the last 30 days.', report) },
      problems: [400, 403, 503],
    }),
    put: operation(TAG, 'chooseSimilarityMode', {
      summary: 'Choose what becomes of your similar images',
      description:
        'For requests that do not say it themselves. Null leaves it to the server. Where reuse had turned itself back, it is measured anew. Operators choose for another owner with `owner=<id>`.',
      query: similarityQuerySchema,
      body: json(similarityChoiceSchema, { mode: 'reuse' }),
      answers: { 200: answer('As it is now.', report) },
      problems: [400, 403, 404, 413, 415, 503],
    }),
  },
  '/api/similarity/checks': {
    get: operation(TAG, 'listSimilarityChecks', {
      summary: 'The similar images that were found, newest first, to be judged',
      description: 'Operators see another owner’s with `owner=<id>`, everybody’s with `owner=*`.',
      query: similarityChecksQuerySchema.extend(pageQuery.shape),
      answers: {
        200: answer('A page; `Link: rel="next"` has the next.', page('checks', check)),
      },
      problems: [400, 403, 503],
    }),
  },
}
