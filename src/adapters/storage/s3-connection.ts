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
  const open = (): Promise<S3> => {
    opened ??= import('@aws-sdk/client-s3').then(({ S3 }) => new S3(toSettings(config, timeouts)))
    return opened
  }

  return {
    open,
    /** Throws `AppError` `unavailable`, retryable, with the SDK's error as the cause. */
    run: async <T>(operation: (s3: S3, options: S3RequestOptions) => Promise<T>): Promise<T> => {
      const s3 = await open()
      const abortSignal = AbortSignal.timeout(timeouts.totalMs)
      try {
        return await operation(s3, { abortSignal })
      } catch (error) {
        if (error instanceof AppError) throw error
        const reason = abortSignal.aborted ? 'TimeoutError' : reasonOf(error)
        const message = `The image store failed (${reason}).`
        throw new AppError('unavailable', message, { retryable: true, cause: error })
      }
    },
    close: (): void => {
      opened?.then((s3) => s3.destroy()).catch(() => {})
    },
  }
}

type S3RequestOptions = { abortSignal: AbortSignal }

const toSettings = (config: S3Config, timeouts: S3Timeouts): S3ClientConfig => ({
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
  requestHandler: { connectionTimeout: timeouts.connectMs, socketTimeout: timeouts.idleMs },
})

const reasonOf = (error: unknown): string => {
  const { name, code } = error as { name?: string; code?: string }
  return (name === 'Error' ? code : name) ?? 'unknown error'
}
