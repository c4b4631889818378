import { randomUUID } from 'node:crypto'
import { S3 } from '@aws-sdk/client-s3'
import type { S3Config } from '../../src/adapters/storage/s3-connection.ts'

export type S3Server = Pick<S3Config, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>

/** The test run's, if it has one. */
export const findTestS3 = (): S3Server | undefined => {
  const { TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY } = process.env
  return TEST_S3_ENDPOINT
    ? {
        endpoint: TEST_S3_ENDPOINT,
        accessKeyId: TEST_S3_ACCESS_KEY_ID ?? '',
        secretAccessKey: TEST_S3_SECRET_ACCESS_KEY ?? '',
      }
    : undefined
}

/** A new bucket on the test run's S3 server or another one, which goes away with the server. */
export const createTestBucket = async (server = findTestS3()): Promise<S3Config> => {
  if (!server) throw new Error('TEST_S3_ENDPOINT is not set')
  const { endpoint, accessKeyId, secretAccessKey } = server
  const config = {
    endpoint,
    bucket: `test-${randomUUID()}`,
    region: 'auto',
    accessKeyId,
    secretAccessKey,
    publicBaseUrl: undefined,
  }
  await withS3(config, (s3) => s3.createBucket({ Bucket: config.bucket }))
  return config
}

/** The settings of a server that keeps its images there. */
export const toS3Environment = (bucket: S3Config): Record<string, string> => ({
  S3_ENDPOINT: bucket.endpoint,
  S3_BUCKET: bucket.bucket,
  S3_REGION: bucket.region,
  S3_ACCESS_KEY_ID: bucket.accessKeyId,
  S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
})

/** Lets anyone read the bucket, as a public domain would. */
export const publishBucket = (config: S3Config): Promise<unknown> => {
  const statement = {
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${config.bucket}/*`,
  }
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  return withS3(config, (s3) => s3.putBucketPolicy({ Bucket: config.bucket, Policy: policy }))
}

const withS3 = async <T>(config: S3Config, use: (s3: S3) => Promise<T>): Promise<T> => {
  const { endpoint, region, accessKeyId, secretAccessKey } = config
  const credentials = { accessKeyId, secretAccessKey }
  const s3 = new S3({ endpoint, region, credentials, forcePathStyle: true })
  try {
    return await use(s3)
  } finally {
    s3.destroy()
  }
}
