import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { type Image, imageSchema } from '../../src/contract/image.ts'
import type { Answer, Client } from './client.ts'

type Page = { images: Image[]; nextCursor: string | null }

export const fetchBytes = async (url: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(url)).arrayBuffer())

export const isPlaceholder = (response: Response): boolean =>
  response.headers.get('imageonce-placeholder') === 'true' &&
  response.headers.get('cache-control') === 'no-store'

export const uploadImage = (
  client: Client,
  bytes: Uint8Array,
  type = 'image/png',
): Promise<Answer<Image>> =>
  client.call('POST', '/api/images', { body: bytes, headers: { 'content-type': type } })

/** A page of the client's images, each as the contract has it. */
export const listImages = async (client: Client, query = ''): Promise<Image[]> => {
  const { status, body } = await client.call<Page>('GET', `/api/images${query}`)
  expect(status).toBe(200)
  for (const image of body.images) imageSchema.strict().parse(image)
  return body.images
}

/** All objects that an app's own store keeps, as paths. */
export const findObjects = async ({ dataDir }: { dataDir: string }): Promise<string[]> => {
  const entries = await readdir(join(dataDir, 'images'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
