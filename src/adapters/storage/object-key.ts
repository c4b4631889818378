import { AppError } from '../../lib/errors.ts'

/**
 * Letters, digits, `_`, `-` and inner dots in segments: the same in a path and in a URL. No segment starts with
 * a dot, so that none leads out of the directory or names a temporary file.
 */
const OBJECT_KEY = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/

/** False for a key that no part of this service makes. */
export const isObjectKey = (key: string): boolean => OBJECT_KEY.test(key)

/** The key itself. Throws `AppError` `internal` for one that no part of this service makes. */
export const checkObjectKey = (key: string): string => {
  if (!isObjectKey(key)) throw new AppError('internal', 'An object key is malformed.')
  return key
}
