import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deriveImageUrlSecret } from '../adapters/http/image-urls.ts'
import { explainFolder } from '../adapters/storage/examine.ts'
import { StartError } from '../lib/errors.ts'
import { formatFinding } from '../lib/finding.ts'
import { createSeal, type Seal } from '../lib/seal.ts'
import type { AuthConfig, Config } from './config.ts'

type Several = readonly [string, ...string[]]

/** The first of several signs, and all of them hold: the others are on their way in or out. */
export type Secrets = { auth: AuthConfig; jwtSecrets: readonly string[]; imageUrlSecrets: Several }

/**
 * The secrets in force. Without `AUTH_JWT_SECRET` or `AUTH_JWKS_URL` (development only: the configuration sees
 * to that) one is made and kept in the data directory, readable by its owner alone. Throws `StartError` where it can't be.
 */
export const resolveSecrets = async (config: Config): Promise<Secrets> => {
  const { auth, dataDir } = config
  if (auth.jwksUrl && isSeveral(auth.imageUrlSecrets)) {
    return { auth, jwtSecrets: [], imageUrlSecrets: auth.imageUrlSecrets }
  }
  const jwtSecrets: Several = isSeveral(auth.jwtSecrets)
    ? auth.jwtSecrets
    : [await keepDevelopmentSecret(dataDir).catch(refuse)]
  const [first, ...others] = jwtSecrets
  const derived: Several = [deriveImageUrlSecret(first), ...others.map(deriveImageUrlSecret)]
  const imageUrlSecrets = isSeveral(auth.imageUrlSecrets) ? auth.imageUrlSecrets : derived
  return { auth, jwtSecrets, imageUrlSecrets }
}

const isSeveral = (secrets: readonly string[]): secrets is Several => secrets.length > 0

const refuse = (cause: unknown): never => {
  throw new StartError(formatFinding(explainFolder(cause)), { cause })
}

/** Seals callers' own keys for the provider, in whichever process, and opens them while any of the secrets is in use. */
export const createUpstreamSeal = ({ imageUrlSecrets }: Secrets): Seal =>
  createSeal(imageUrlSecrets, 'upstream keys')

/** Written whole under another name and then linked, so that processes which start at once agree on one. */
const keepDevelopmentSecret = async (dataDir: string): Promise<string> => {
  const path = join(dataDir, 'development-secret')
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found) return found.trim()
  await mkdir(dataDir, { recursive: true })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600 })
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return (await readFile(path, 'utf8')).trim()
}
