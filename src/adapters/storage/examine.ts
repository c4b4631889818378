import { randomBytes } from 'node:crypto'
import type { ImageStore } from '../../generation/ports.ts'
import {
  chainOf,
  type Explanation,
  explainNetwork,
  type Finding,
  findCode,
} from '../../lib/finding.ts'

/** The smallest png there is: 1 by 1. */
const PICTURE = {
  bytes: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  ),
  mimeType: 'image/png',
} as const

/** No folder of images, so nothing takes what is in it for one. */
const FOLDER = 'examination'

type Step = { right: string; run: () => Promise<unknown> }

/**
 * Looks whether the store takes, shows, lists and deletes an object, and says so of one that is missing. Leaves nothing behind.
 * Never rejects.
 */
export const examineStore = async (store: ImageStore): Promise<Finding[]> => {
  const key = `${FOLDER}/${randomBytes(8).toString('hex')}`
  const steps: Step[] = [
    { right: 's3:PutObject', run: () => store.put(key, PICTURE) },
    { right: 's3:GetObject', run: () => store.find(key) },
    { right: 's3:ListBucket', run: () => readAll(store.list(FOLDER)) },
    // Without the right to list, a store says of what is missing that it is forbidden.
    { right: 's3:ListBucket', run: () => store.has(`${key}-missing`) },
    { right: 's3:DeleteObject', run: () => store.delete(key) },
  ]
  for (const { right, run } of steps) {
    try {
      await run()
    } catch (error) {
      await store.delete(key).catch(() => {})
      return [{ part: 'store', ...explainStore(store.kind, error, right) }]
    }
  }
  const setting = store.kind === 's3' ? 'S3_BUCKET' : 'DATA_DIR'
  return [
    { part: 'store', kind: 'good', setting, found: 'The store takes, shows, lists and deletes.' },
  ]
}

const readAll = async (pages: AsyncIterable<unknown>) => {
  for await (const _ of pages);
}

/** What an error of a store means to an operator. `right`: what an S3 key may lack. */
export const explainStore = (
  kind: ImageStore['kind'],
  error: unknown,
  right = 's3:ListBucket',
): Explanation => {
  if (kind === 'filesystem') return explainFolder(error)
  const names = chainOf(error).map(({ name }: { name?: string }) => name ?? '')
  const [, said] = ANSWERS.find(([name]) => names.some((each) => name.test(each))) ?? []
  if (said) return said
  const status = chainOf(error)
    .map((each) => (each as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode)
    .find(Boolean)
  if (status === 404) return NO_BUCKET
  if (status === 401 || status === 403) return lacksRight(right)
  if (status === undefined) {
    const network = explainNetwork(error)
    if (network) return { setting: 'S3_ENDPOINT', ...network }
  }
  return {
    setting: 'S3_ENDPOINT',
    kind: 'away',
    found: `The store does not work (${status ?? names.find((each) => !/^(App)?Error$/.test(each)) ?? 'unknown error'}).`,
  }
}

/** What a file system says of the data directory. */
export const explainFolder = (error: unknown): Explanation => {
  const code = findCode(error) ?? 'unknown error'
  const found = FOLDER_CODES[code] ?? `It can’t be used (${code}).`
  const kind = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO' ? 'away' : 'wrong'
  return {
    setting: 'DATA_DIR',
    kind,
    found,
    remedy:
      kind === 'away'
        ? 'Make room, or mend the disk.'
        : 'Give a folder that this user may write to.',
  }
}

const FOLDER_CODES: Record<string, string> = {
  EACCES: 'This user may not write there.',
  EPERM: 'This user may not write there.',
  EROFS: 'It is on a disk that is read only.',
  ENOTDIR: 'A part of its path is a file.',
  EEXIST: 'It is a file.',
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The disk quota is used up.',
}

const NO_BUCKET: Explanation = {
  setting: 'S3_BUCKET',
  kind: 'wrong',
  found: 'There is no such bucket at S3_ENDPOINT.',
  remedy: 'Create it, or correct the name.',
}

const lacksRight = (right: string): Explanation => ({
  setting: 'S3_ACCESS_KEY_ID',
  kind: 'wrong',
  found: `The store refuses the key (${right}).`,
  remedy: 'Correct S3_BUCKET, or give the key all rights to the bucket’s objects and to list them.',
})

/** By the names of S3's errors, as all stores have them. */
const ANSWERS: [RegExp, Explanation][] = [
  [/^NoSuchBucket$/, NO_BUCKET],
  [
    /^(InvalidAccessKeyId|UnrecognizedClientException)$/,
    {
      setting: 'S3_ACCESS_KEY_ID',
      kind: 'wrong',
      found: 'The store does not know the key.',
      remedy: 'Correct it.',
    },
  ],
  [
    /^SignatureDoesNotMatch$/,
    {
      setting: 'S3_SECRET_ACCESS_KEY',
      kind: 'wrong',
      found: 'It is not the secret of the key.',
      remedy: 'Correct it.',
    },
  ],
  [
    /^(AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraintException|InvalidRegionName)$/,
    {
      setting: 'S3_REGION',
      kind: 'wrong',
      found: 'The bucket is in another region.',
      remedy: 'Correct it.',
    },
  ],
  [
    /^RequestTimeTooSkewed$/,
    {
      setting: 'S3_ENDPOINT',
      kind: 'wrong',
      found: "This machine's clock is too far from the store's.",
      remedy: 'Set it by the network (NTP).',
    },
  ],
]
