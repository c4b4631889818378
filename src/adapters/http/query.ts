import type { Request } from 'express'
import type { z } from 'zod'
import { AppError } from '../../lib/errors.ts'

/** The query as a schema has it; parameters that it does not name are somebody else's. Throws `invalid_request`. */
export const parseQuery = <Schema extends z.ZodType>(
  req: Request,
  schema: Schema,
): z.output<Schema> => {
  const parsed = schema.safeParse(req.query)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const name = String(issue?.path[0] ?? '')
  throw new AppError('invalid_request', `${name} ${issue?.message}`, { pointer: `?${name}` })
}
