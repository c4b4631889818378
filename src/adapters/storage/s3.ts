import type { Readable } from 'node:stream'
import type { _Object, PutObjectCommand, PutObjectCommandInput } from '@aws-sdk/client-s3'
import type { ImageStore, StoredImage, StoredObject } from '../../generation/ports.ts'
import { AppError } from '../../lib/errors.ts'
import {
  createS3Connection,
  DEFAULT_S3_TIMEOUTS,
  type S3Config,
  type S3Timeouts,
} from './s3-connection.ts'
import { openBody } from './s3-open.ts'
import { checkImage, checkObjectKey, isObjectKey, toStoredImage } from './stored-object.ts'

const PRESIGNED_SECONDS = 3_600

/** Objects in one bucket of Cloudflare R2 or any other store that speaks S3. */
export const createS3Store = (
  config: S3Config,
  timeouts: S3Timeouts = DEFAULT_S3_TIMEOUTS,
): ImageStore => {
  const connection = createS3Connection(config, timeouts)
  const locate = (key: string) => ({ Bucket: config.bucket, Key: checkObjectKey(key) })
  let takesConditions = true

  const isThere = (key: string): Promise<boolean> =>
    connection.run(async (s3, options) => {
      try {
        await s3.headObject(locate(key), options)
        return true
      } catch (error) {
        if (statusOf(error) === 404) return false
        throw error
      }
    })

  const ping = (): Promise<void> =>
    connection.run(async (s3, options) => {
      await s3.headBucket({ Bucket: config.bucket }, options)
    })

  async function* list(folder: string): AsyncGenerator<StoredObject[]> {
    let next: string | undefined
    do {
      const page = await connection.run(async (s3, options) =>
        s3
          .listObjectsV2(
            {
              Bucket: config.bucket,
              Prefix: `${checkObjectKey(folder)}/`,
              ContinuationToken: next,
            },
            options,
          )
          .catch(throwRefusal),
      )
      yield (page.Contents ?? []).flatMap(toStoredObject)
      next = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (next)
  }

  const put = async (key: string, image: StoredImage): Promise<'stored' | 'exists'> => {
    const isConditional = takesConditions
    // Then two writers at once may both get `stored`; still no object is ever half there.
    if (!isConditional && (await isThere(key))) return 'exists'
    const answer = await connection.run(async (s3, options) => {
      try {
        const { PutObjectCommand } = await import('@aws-sdk/client-s3')
        const command = new PutObjectCommand({ ...locate(key), ...toObject(image, isConditional) })
        if (image.digest) signDigest(command, image.digest)
        await s3.send(command, options)
        return 'stored'
      } catch (error) {
        const status = statusOf(error)
        if (status === 412) return 'exists'
        if (status === 501 && isConditional) return 'no conditions'
        if (status === 409 && (await isThere(key))) return 'exists'
        throw error
      }
    })
    if (answer !== 'no conditions') return answer
    takesConditions = false
    return put(key, image)
  }

  return {
    kind: 's3',
    put: async (key, image) => {
      checkImage(key, image)
      return put(key, image)
    },
    find: (key) =>
      connection.run(async (s3, options) => {
        try {
          const { Body, ContentLength } = await s3.getObject(locate(key), options)
          const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
          if (ContentLength !== undefined && bytes.length !== ContentLength) {
            throw new Error(`${bytes.length} of ${ContentLength} bytes arrived`)
          }
          return toStoredImage(key, bytes)
        } catch (error) {
          // By name, as a missing bucket is a 404 too and must not pass for a missing object.
          if (nameOf(error) === 'NoSuchKey') return undefined
          throw error
        }
      }),
    open: (key) =>
      connection.run(
        async (s3, options) => {
          try {
            const { Body, ContentLength } = await s3.getObject(locate(key), options)
            if (ContentLength === undefined) throw new Error('an object has no length')
            return await openBody(key, Body as Readable, ContentLength, timeouts.idleMs)
          } catch (error) {
            if (nameOf(error) === 'NoSuchKey') return undefined
            throw error
          }
        },
        { isForReader: true },
      ),
    has: async (key) => {
      if (await isThere(key)) return true
      // A missing bucket is a 404 too, and HEAD's answer does not say which.
      await ping()
      return false
    },
    list,
    // An upload that did not end leaves nothing.
    removeLeftovers: async () => 0,
    delete: (key) =>
      connection.run(async (s3, options) => {
        await s3.deleteObject(locate(key), options)
      }),
    findUrl: async (key) => {
      if (config.publicBaseUrl) return { url: `${config.publicBaseUrl}/${checkObjectKey(key)}` }
      const [{ GetObjectCommand }, { getSignedUrl }] = await Promise.all([
        import('@aws-sdk/client-s3'),
        import('@aws-sdk/s3-request-presigner'),
      ])
      const request = new GetObjectCommand(locate(key))
      const url = await getSignedUrl(await connection.open(), request, {
        expiresIn: PRESIGNED_SECONDS,
      })
      return { url, expiresInSeconds: PRESIGNED_SECONDS }
    },
    ping,
    close: connection.close,
  }
}

const toObject = ({ bytes, mimeType }: StoredImage, isConditional: boolean) =>
  ({
    Body: bytes,
    ContentType: mimeType,
    // A key is never written twice.
    CacheControl: 'public, max-age=31536000, immutable',
    ...(isConditional && { IfNoneMatch: '*' }),
  }) satisfies Partial<PutObjectCommandInput>

/**
 * A signature is over the body's SHA-256, which the SDK calculates unless the header is there. The store refuses a body that
 * has another one.
 */
const signDigest = ({ middlewareStack }: PutObjectCommand, digest: string): void =>
  middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['x-amz-content-sha256'] = digest
      return next(args)
    },
    { step: 'build', name: 'signDigest' },
  )

/** None for objects that are not ours. */
const toStoredObject = ({ Key, Size, LastModified }: _Object): StoredObject[] =>
  Key && LastModified && isObjectKey(Key)
    ? [{ key: Key, sizeBytes: Size ?? 0, modifiedAt: LastModified }]
    : []

/** A right that is not there now won't be there at the next try. */
const throwRefusal = (cause: unknown): never => {
  if (statusOf(cause) !== 403) throw cause
  throw new AppError('unavailable', 'The image store refuses to list its objects.', { cause })
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode

const nameOf = (error: unknown): unknown => (error as { name?: unknown }).name
