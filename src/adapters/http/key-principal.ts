import { findOwnerId } from '../../contract/namespace.ts'
import { ownerIdSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'
import type { KeyIdentity, Principal, Shown } from './principal.ts'

/** The key in force that a text is. */
export type FindKey = (secret: string) => Promise<KeyIdentity | undefined>

export const OWNER_HEADER = 'Imageonce-Owner'

/** Who calls by a key. Throws `forbidden` on other pages than the key's, and where it may not act for the owner that is named. */
export const toKeyPrincipal = (key: KeyIdentity, { owner, origin }: Shown): Principal => {
  if (key.origins && !(origin !== undefined && key.origins.includes(origin))) {
    throw new AppError('forbidden', 'This key is for the pages of other origins.', {
      pointer: 'Origin',
    })
  }
  return {
    ownerId: key.ownerId === undefined ? ownerNamed(key, owner) : ownOwner(key, key.ownerId),
    isAdmin: key.scopes.includes('admin'),
    key,
    ...(key.expiresAt && { expiresAt: key.expiresAt }),
  }
}

const ownOwner = ({ namespace }: KeyIdentity, ownerId: string): string => {
  const found = findOwnerId(namespace, ownerId)
  if (found === undefined) throw inNamespace('unauthenticated')
  return found
}

/** HTTP headers are Latin-1: a name beyond that comes in percent-encoding, as any may. */
const ownerNamed = ({ namespace }: KeyIdentity, header: string | undefined): string => {
  const name = ownerIdSchema.safeParse(decode(header))
  const ownerId = name.success ? findOwnerId(namespace, name.data) : undefined
  const whole = ownerIdSchema.safeParse(ownerId)
  if (whole.success) return whole.data
  if (name.success && ownerId === undefined) throw inNamespace('forbidden')
  throw new AppError(
    'invalid_request',
    `Name the owner that this key acts for, in 1 to 255 characters: "${OWNER_HEADER}: <owner>".`,
    { pointer: OWNER_HEADER },
  )
}

const decode = (header: string | undefined): string | undefined => {
  try {
    return header === undefined ? undefined : decodeURIComponent(header)
  } catch {
    return undefined
  }
}

const inNamespace = (code: 'forbidden' | 'unauthenticated') =>
  new AppError(code, 'This owner is in a namespace, which is reached by its own keys alone.')
