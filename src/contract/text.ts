import { z } from 'zod'
import { hasNoNul, isWellFormed } from './identity.ts'

/**
 * Text that comes in, by whatever way: every schema of a request is made of this one. Postgres takes neither a NUL nor, in
 * JSON, half of a surrogate pair, which JavaScript's strings may hold.
 */
export const textSchema = z
  .string()
  .refine(hasNoNul, { error: 'must not contain a NUL character', abort: true })
  .refine(isWellFormed, { error: 'must not contain half a character', abort: true })

/** A name of something: trimmed, and not empty. */
export const labelSchema = (maxCharacters: number) =>
  textSchema.trim().min(1, 'must not be empty').max(maxCharacters)

/** Whose something is, to the letter. */
export const ownerIdSchema = textSchema.min(1, 'must not be empty').max(255)
