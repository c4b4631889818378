import { randomUUID } from 'node:crypto'
import { S3 } from '@aws-sdk/client-s3'
import type { S3Config } from '../../src/config.ts'

/** A new bucket on the test run's S3 server, which goes away with the server. */
export const createTestBucket = async (): Promise<S3Config> => {
  const { TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY } = process.env
  if (!TEST_S3_ENDPOINT) throw new Error('TEST_S3_ENDPOINT is not set')
  const config = {
    endpoint: TEST_S3_ENDPOINT,
    bucket: `test-${randomUUID()}`,
    region: 'auto',
    accessKeyId: TEST_S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: TEST_S3_SECRET_ACCESS_KEY ?? '',
    publicBaseUrl: undefined,
  }
  await withS3(config, (s3) => s3.createBucket({ Bucket: config.bucket }))
  return config
}

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
