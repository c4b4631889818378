import { findQuerySchema, foundSchema } from '../../contract/find.ts'
import { answer, type Operations, operation } from '../operation.ts'

export const find: Operations = {
  '/api/find': {
    get: operation('Generations', 'find', {
      summary: 'Whatever has what was typed: generations, owners, errors',
      description:
        'By words of prompts, the last of which may be the beginning of one, or by the beginning of an id. Operators find everybody’s.',
      query: findQuerySchema,
      answers: { 200: answer('The first few of each.', foundSchema.meta({ id: 'Found' })) },
      problems: [400, 503],
    }),
  },
}
