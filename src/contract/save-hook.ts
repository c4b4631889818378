import { z } from 'zod'
import { promptSchema } from './generation-request.ts'
import { itemIdSchema, savedItemInputSchema } from './saved-item.ts'

/** What `POST /api/hooks/save` takes: the fields of a saved item, and whose and which it is. */
export const saveHookSchema = savedItemInputSchema.extend({
  ownerId: z
    .string()
    .min(1, 'must not be empty')
    .max(255)
    .refine((text) => !text.includes('\u0000'), 'must not contain a NUL character')
    .refine((text) => !/\p{Surrogate}/u.test(text), 'must not contain half a character'),
  itemId: itemIdSchema,
  prompt: promptSchema,
})
export type SaveHook = z.output<typeof saveHookSchema>
