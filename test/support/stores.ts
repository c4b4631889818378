import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe } from '@jest/globals'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { createS3Store } from '../../src/adapters/storage/s3.ts'
import type { EncodedImage, ImageStore } from '../../src/generation/ports.ts'
import { createTestBucket } from './s3-bucket.ts'
import { describeWith } from './skip.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

export type TestStore = { store: ImageStore; remove: () => Promise<void> }

/** Runs a suite on every image store that this run has a server for. */
export const describeEachStore = (
  name: string,
  suite: (openStore: () => Promise<TestStore>) => void,
): void => {
  describe(`${name} (files)`, () => suite(openFiles))
  describeWith('s3', `${name} (S3)`, () => suite(openBucket))
}

const openFiles = async (): Promise<TestStore> => {
  const { path, remove } = await makeTemporaryFolder('store')
  return { store: createFilesystemStore({ directory: join(path, 'images') }), remove }
}

const openBucket = async (): Promise<TestStore> => {
  const store = createS3Store(await createTestBucket())
  return { store, remove: async () => store.close() }
}

/** Bytes that pass for a png. */
export const randomPng = (size = 100): EncodedImage => ({
  mimeType: 'image/png',
  bytes: Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(size)]),
})
