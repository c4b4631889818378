import type { z } from 'zod'
import { promptSchema } from './generation-request.ts'
import { itemIdSchema, savedItemInputSchema } from './saved-item.ts'
import { ownerIdSchema } from './text.ts'

/** What `POST /api/hooks/save` takes: the fields of a saved item, and whose and which it is. */
export const saveHookSchema = savedItemInputSchema.extend({
  ownerId: ownerIdSchema,
  itemId: itemIdSchema,
  prompt: promptSchema,
})
export type SaveHook = z.output<typeof saveHookSchema>
