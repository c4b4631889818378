import { z } from 'zod'

/** Between a namespace and the names in it. */
const SEPARATOR = '::'

/** Names of owners that are in somebody's namespace, as `shop::1`. */
const IN_A_NAMESPACE = /^[a-z0-9][a-z0-9.-]{0,31}::/

/** What an issuer, a key or a hook source has, where its owners are its own: `shop` makes its user "1" the owner `shop::1`. */
export const namespaceSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{0,31}$/,
    'must be 1 to 32 lower-case letters, digits, "." or "-", as in shop',
  )

/**
 * The owner that is meant by a name. Undefined for a name in a namespace by someone who has none: what is in a namespace is reached from
 * there alone.
 */
export const findOwnerId = (namespace: string | undefined, name: string): string | undefined => {
  if (namespace !== undefined) return `${namespace}${SEPARATOR}${name}`
  return IN_A_NAMESPACE.test(name) ? undefined : name
}
