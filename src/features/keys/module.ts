import { timingSafeEqual } from 'node:crypto'
import { isDatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import type { KeyIdentity } from '../../adapters/http/principal.ts'
import { keyName } from '../../generation/state/channel.ts'
import { createMemory } from '../../lib/remember.ts'
import { toIdentity } from './identity.ts'
import { createUseLog } from './last-use.ts'
import { findKeyRow } from './repository.ts'
import { digestOf, isKeySecret, keyIdOf } from './secret.ts'

export type KeysDeps = {
  db: Database
  /** Calls back when something named so has happened. Returns the way to stop. */
  subscribe: (name: string, listener: () => void) => () => void
  onError: (error: unknown) => void
}

/** A revocation whose word is lost is heard of after as long. */
const FRESH_MS = 10_000
/** While Postgres is away nobody can revoke a key, and work that needs no Postgres goes on. */
const STALE_MS = 300_000
const MAX_REMEMBERED = 10_000

/** Tells whose key it is, from memory: a key is read once in ten seconds at most, and at once when it was revoked. */
export const createKeys = ({ db, subscribe, onError }: KeysDeps) => {
  const memory = createMemory({
    read: async (id) => {
      const row = await findKeyRow(db, id)
      return row && { digest: row.digest, isRevoked: row.revokedAt !== null, ...toIdentity(row) }
    },
    watch: (id, onChange) => subscribe(keyName(id), onChange),
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    isAway: isDatabaseAway,
    maxSize: MAX_REMEMBERED,
  })
  const uses = createUseLog(db, onError)

  /** The key in force that this text is. */
  const findKey = async (secret: string): Promise<KeyIdentity | undefined> => {
    if (!isKeySecret(secret)) return undefined
    const digest = digestOf(secret)
    const key = await findKeyById(keyIdOf(digest))
    return key && timingSafeEqual(key.digest, digest) ? key : undefined
  }

  /** The same by its id, of someone who showed it before. */
  const findKeyById = async (id: string) => {
    const key = await memory.find(id)
    if (!key || key.isRevoked || (key.expiresAt && key.expiresAt.getTime() <= Date.now())) {
      return undefined
    }
    uses.note(id)
    return key
  }

  const stop = async (): Promise<void> => {
    memory.forgetAll()
    await uses.stop()
  }

  return { findKey, findKeyById, start: uses.start, stop }
}
