import type { S3, S3ClientConfig } from '@aws-sdk/client-s3'
import { AppError } from '../../lib/errors.ts'

/** A bucket, and how to reach it. */
export type S3Config = {
  endpoint: string
  bucket: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  /** The bucket's public domain, if it has one. */
  publicBaseUrl: string | undefined
}

export type S3Timeouts = {
  connectMs: number
  /** Without a byte in either direction; the request is then tried again. */
  idleMs: number
  /** One operation with all its tries. */
  totalMs: number
}

export const DEFAULT_S3_TIMEOUTS: S3Timeouts = {
  connectMs: 3_000,
  idleMs: 10_000,
  totalMs: 30_000,
}

/** The SDK's client, imported and made at first use: 80 ms and 24 MB that not every process needs. */
export const createS3Connection = (config: S3Config, timeouts: S3Timeouts) => {
  let opened: Promise<S3> | undefined
  let openedForReaders: Promise<S3> | undefined
  const connect = async (idleMs: number): Promise<S3> => {
    const { S3 } = await import('@aws-sdk/client-s3')
    return new S3(toSettings(config, timeouts, idleMs))
  }
  const open = (): Promise<S3> => {
    opened ??= connect(timeouts.idleMs)
    return opened
  }
  /** One whose sockets may rest for as long as a reader does. */
  const openForReaders = (): Promise<S3> => {
    openedForReaders ??= connect(NEVER)
    return openedForReaders
  }

  /** Throws `AppError` `unavailable`, retryable, with the SDK's error as the cause. */
  const run = async <T>(
    operation: (s3: S3, options: S3RequestOptions) => Promise<T>,
    { isForReader = false } = {},
  ): Promise<T> => {
    const s3 = await (isForReader ? openForReaders() : open())
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), timeouts.totalMs)
    try {
      return await operation(s3, { abortSignal: controller.signal })
    } catch (error) {
      if (error instanceof AppError) throw error
      const reason = controller.signal.aborted ? 'TimeoutError' : reasonOf(error)
      const message = `The image store failed (${reason}).`
      throw new AppError('unavailable', message, { retryable: true, cause: error })
    } finally {
      // What is read on is not cut off.
      clearTimeout(timer)
    }
  }

  return {
    open,
    run,
    close: (): void => {
      for (const each of [opened, openedForReaders])
        each?.then((s3) => s3.destroy()).catch(() => {})
    },
  }
}

type S3RequestOptions = { abortSignal: AbortSignal }

/** Of the SDK's request handler: no timeout. */
const NEVER = 0

const toSettings = (
  config: S3Config,
  { connectMs }: S3Timeouts,
  idleMs: number,
): S3ClientConfig => ({
  endpoint: config.endpoint,
  region: config.region,
  credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
  forcePathStyle: true,
  // The SDK's default checksums fail on several stores and break presigned URLs.
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
  // Cloudflare never answers 100: bodies over 2 MB would wait 6 s for it.
  expectContinueHeader: false,
  // Every operation here is safe to repeat; a put whose answer was lost finds its own object (412).
  maxAttempts: 3,
  retryMode: 'standard',
  // Not requestTimeout: it counts an upload's time and stops at the answer's headers.
  requestHandler: { connectionTimeout: connectMs, socketTimeout: idleMs },
})

const reasonOf = (error: unknown): string => {
  const { name, code } = error as { name?: string; code?: string }
  return (name === 'Error' ? code : name) ?? 'unknown error'
}
