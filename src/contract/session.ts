import { z } from 'zod'
import { ownerIdSchema } from './text.ts'

/** What `POST /api/sessions/end` takes. */
export const sessionEndSchema = z.strictObject({ ownerId: ownerIdSchema })
