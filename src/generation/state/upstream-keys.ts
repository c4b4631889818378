import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import { AppError } from '../../lib/errors.ts'
import type { Seal } from '../../lib/seal.ts'

/** Brings a caller's own key for the provider. */
export const UPSTREAM_KEY_HEADER = 'Imageonce-Upstream-Key'

/** Who pays for what is asked for. */
export type Payer = {
  /** The key that it is asked for with, whose budget pays besides its owner's; null for a token. */
  keyId: string | null
  /** The caller's own key for the provider, which pays then and no budget of this server's. */
  upstreamKey?: string | undefined
}

/** A caller's own key as a row may have it. */
export type SealedKey = { upstreamAccount: string; sealedKey: string }

type Place = Pick<GenerationRow, 'id' | 'provider'>

/** A key that was sealed for one generation opens for no other, and one that was brought for a provider goes to no other. */
const contextOf = ({ id, provider }: Place): string => `${provider} ${id}`

/** Tells one key from another without giving it away. */
export const accountOf = (seal: Seal, key: string): string => `caller:${seal.mark(key)}`

export const sealUpstreamKey = (seal: Seal, key: string, place: Place): SealedKey => ({
  upstreamAccount: accountOf(seal, key),
  sealedKey: seal.seal(key, contextOf(place)),
})

/**
 * The key that a generation is to be paid for with; undefined where that is the server's. Throws `upstream_key_required` where it can't be
 * had any more, as the secrets were exchanged: the server's never pays in its place.
 */
export const openUpstreamKey = async (
  db: Database,
  seal: Seal,
  claim: Place & Pick<GenerationRow, 'upstreamAccount'>,
): Promise<string | undefined> => {
  if (claim.upstreamAccount === null) return undefined
  const row = await db
    .selectFrom('upstreamKeys')
    .select('sealed')
    .where('generationId', '=', claim.id)
    .executeTakeFirst()
  const key = row && seal.open(row.sealed, contextOf(claim))
  if (key === undefined) throw upstreamKeyRequired('is not kept any more')
  return key
}

/** Of what was asked for with a key, and can't be made without it. */
export const upstreamKeyRequired = (why = 'did not come with this request') =>
  new AppError(
    'upstream_key_required',
    `The image is to be paid for with a key of the caller's own for the provider, which ${why}: ask again with ${UPSTREAM_KEY_HEADER}.`,
    { pointer: UPSTREAM_KEY_HEADER },
  )
