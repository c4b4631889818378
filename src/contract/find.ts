import { z } from 'zod'
import { generationSchema } from './generation.ts'
import { searchSchema } from './generation-filter.ts'

/** The query of `GET /api/find`. */
export const findQuerySchema = z.object({ q: searchSchema })

/** What `GET /api/find` answers: the first few of each, by what was typed. */
export const foundSchema = z.object({
  /** By words of their prompts, or by the beginning of an id; an operator's are everybody's. Newest first. */
  generations: z.array(generationSchema),
  /** Whose ids begin so; for operators. */
  owners: z.array(z.string()),
  /** Codes of errors that have it in them. */
  errors: z.array(z.string()),
})
export type Found = z.infer<typeof foundSchema>
