import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createGetOwn } from '../../src/adapters/http/own-generation.ts'
import { findByText } from '../../src/features/find/find.ts'
import { listAskingsOfGeneration, listAskingsOfImage } from '../../src/features/receipts/askings.ts'
import {
  deleteItem,
  findItem,
  listItems,
  lockItem,
  pointToGeneration,
  updateItem,
} from '../../src/features/saved-items/repository.ts'
import { findCode, findCodes } from '../../src/features/similarity/embedding-rows.ts'
import { createFindNeighbours } from '../../src/features/similarity/neighbours/find-neighbours.ts'
import { findImages } from '../../src/features/similarity/neighbours/images.ts'
import { scanCandidates } from '../../src/features/similarity/neighbours/scan.ts'
import { getDelivery, listDeliveries, redeliver } from '../../src/features/webhooks/deliveries.ts'
import {
  changeEndpoint,
  deleteEndpoint,
  type EndpointScope,
  getEndpoint,
  listEndpoints,
  rotateSecret,
} from '../../src/features/webhooks/endpoints.ts'
import { deleteImage } from '../../src/generation/read/images.ts'
import { listGenerations } from '../../src/generation/read/list.ts'
import { findConditionDigest, listImages } from '../../src/generation/read/list-images.ts'
import { findSuggested } from '../../src/generation/read/suggestions.ts'
import { findOwnedImage } from '../../src/generation/state/image-rows.ts'
import {
  findAlike,
  findEqual,
  findUnprinted,
  hasMade,
} from '../../src/generation/submit/recognized-rows.ts'
import { createResponse } from '../support/http-doubles.ts'
import { insertSuccess, openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

const HASH = '01'.repeat(32)
const size = { width: 8, height: 8 }
const condition = { sourceDigest: 'a'.repeat(64), conditionDigest: 'b'.repeat(64) }
const vector = { scope: 'one', model: 'm', promptDigest: 'p', code: Buffer.alloc(64, 1) }
const query = { ...vector, fingerprint: 'another', minSimilarity: 0, limit: 10 }

/** What alice has, and bob has not. */
const alices = { generation: '', upload: '', fingerprint: '', webhook: '', delivery: '' }

beforeAll(async () => {
  database = await openTestDatabase()
  const { db } = database
  await db.insertInto('users').values({ id: 'bob' }).execute()
  const digest = condition.conditionDigest
  const { id } = await insertSuccess(db, { conditionImageDigest: digest, finishedAt: new Date() })
  await db
    .insertInto('generationEvents')
    .values({
      ownerId: 'alice',
      generationId: id,
      type: 'generation_skipped',
      data: '{"source":"exact"}',
    })
    .execute()
  const upload = `i_${randomBytes(20).toString('hex')}`
  const picture = { objectKey: 'uploads/1', perceptualHash: HASH, pixelDigest: 'c'.repeat(64) }
  const image = { userId: 'alice', imageUrl: '', imageType: 'user_uploaded' as const, ...size }
  const unprinted = { objectKey: 'uploads/2', sourceDigest: 'd'.repeat(64) }
  await db
    .insertInto('imageMetadata')
    .values([
      { id: upload, ...image, ...picture, sourceDigest: 'e'.repeat(64) },
      { id: `${upload.slice(0, -1)}x`, ...image, ...unprinted },
      { id: `${upload.slice(0, -1)}y`, ...image, ...condition },
    ])
    .execute()
  await db
    .insertInto('savedItems')
    .values({ ownerId: 'alice', id: 'item', title: 'hers' })
    .execute()
  await db
    .insertInto('promptEmbeddings')
    .values({ ownerId: 'alice', fingerprint: id, ...vector })
    .execute()
  const webhook = `we_${randomBytes(20).toString('hex')}`
  const endpoint = { url: 'https://example.test/', events: [], secret: 'whsec_c2VjcmV0' }
  await db
    .insertInto('webhookEndpoints')
    .values({ id: webhook, ownerId: 'alice', ...endpoint })
    .execute()
  const delivery = await db
    .insertInto('webhookDeliveries')
    .values({ endpointId: webhook, type: 'webhook.test', snapshot: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  Object.assign(alices, { generation: id, upload, fingerprint: id, webhook, delivery: delivery.id })
})
afterAll(() => database.close())

/** `nothing`, or that there was something; what is refused is nothing. */
const outcomeOf = async (answer: Promise<unknown>): Promise<'something' | 'nothing'> => {
  const found = await answer.catch((error: { code?: string; message: string }) => {
    if (error.code === 'not_found' || error.code === 'invalid_request') return undefined
    if (error.message === 'no result') return undefined
    throw error
  })
  const isEmpty = !found || (Array.isArray(found) && found.flat().length === 0)
  return isEmpty ? 'nothing' : 'something'
}

describe('what an owner has is found by its owner alone', () => {
  const { sourceDigest } = condition
  const reading: Record<string, (ownerId: string) => Promise<unknown>> = {
    'its generations': (ownerId) => listGenerations(database.db, { ownerId, limit: 10 }),
    'what a search of its generations finds': (ownerId) =>
      listGenerations(database.db, { ownerId, q: 'test', limit: 10 }),
    'what a search of its images finds': (ownerId) =>
      listImages(database.db, { ownerId, q: 'test', limit: 10 }),
    'what is typed': (ownerId) => findByText(database.db, ownerId, 'test'),
    'an id that begins so': (ownerId) =>
      findByText(database.db, ownerId, alices.generation.slice(0, 12)),
    'askings of an image': (ownerId) =>
      listAskingsOfImage(
        database.db,
        { id: alices.generation, fingerprint: alices.fingerprint },
        { ownerId, before: undefined, limit: 10 },
      ),
    'askings for a generation': (ownerId) =>
      listAskingsOfGeneration(database.db, alices.generation, {
        ownerId,
        before: undefined,
        limit: 10,
      }),
    'its images': (ownerId) => listImages(database.db, { ownerId, limit: 10 }),
    'an image by its id': (ownerId) => findOwnedImage(database.db, ownerId, alices.upload),
    'a condition image by its id': (ownerId) =>
      findConditionDigest(database.db, ownerId, alices.upload),
    'a condition image by a copy’s digest': async (ownerId) =>
      (await findConditionDigest(database.db, ownerId, sourceDigest)) !== sourceDigest,
    'what is like a picture': (ownerId) => findAlike(database.db, { ownerId, ...size }, HASH),
    'what equals a picture': (ownerId) => findEqual(database.db, ownerId, 'c'.repeat(64)),
    'pictures that were not printed': (ownerId) => findUnprinted(database.db, { ownerId, ...size }),
    'what was made of a picture': (ownerId) =>
      hasMade(database.db, ownerId, condition.conditionDigest),
    'suggested images': (ownerId) => {
      const suggestion = { id: alices.generation, similarity: 1, passes: true, reasons: [] }
      return findSuggested(database.db, [{ ownerId, suggestions: [suggestion] }])
    },
    'prompts to compare with': (ownerId) => scanCandidates(database.db, { ...query, ownerId }, 10),
    'near prompts': (ownerId) => createFindNeighbours()(database.db, { ...query, ownerId }),
    'images of near prompts': (ownerId) => {
      const candidate = { fingerprint: alices.fingerprint, similarity: 1 }
      return findImages(database.db, ownerId, [candidate])
    },
    'the vector of a request': (ownerId) => {
      const row = { ownerId, ...vector, promptDigest: 'another' }
      return findCode(database.db, { ...row, fingerprint: alices.fingerprint }, 'm')
    },
    'the vector of a prompt': (ownerId) =>
      findCode(database.db, { ...vector, ownerId, fingerprint: 'another' }, 'm'),
    'the vectors of prompts': async (ownerId) =>
      (await findCodes(database.db, [{ ownerId, promptDigest: 'p' }], 'm')).size > 0,
    'a saved item': (ownerId) => findItem(database.db, { ownerId, id: 'item' }),
    'a saved item to be changed': (ownerId) => lockItem(database.db, { ownerId, id: 'item' }),
    'saved items': (ownerId) => listItems(database.db, { ownerId, before: undefined, limit: 10 }),
    'a generation by its id': (ownerId) => askFor({ ownerId, isAdmin: false }),
  }

  const askFor = (principal: { ownerId: string; isAdmin: boolean }) => {
    const getOwn = createGetOwn({ db: database.db, findDeferred: async () => undefined })
    return getOwn(alices.generation, createResponse({ principal }).response)
  }

  test.each(Object.entries(reading))('%s', async (_name, read) => {
    expect(await outcomeOf(read('alice'))).toBe('something')
    expect(await outcomeOf(read('bob'))).toBe('nothing')
  })

  test('and a generation by an operator', async () => {
    expect(await outcomeOf(askFor({ ownerId: 'olga', isAdmin: true }))).toBe('something')
  })
})

describe('what an owner has is changed by its owner alone', () => {
  const readItem = () => findItem(database.db, { ownerId: 'alice', id: 'item' })
  const deps = () => ({ db: database.db, store: noStore, onOrphan: () => {} })
  const noStore = { delete: async () => {} } as never

  test('a saved item', async () => {
    const before = await readItem()
    const bobs = { ownerId: 'bob', id: 'item' }
    expect(await outcomeOf(updateItem(database.db, bobs, { title: 'his' }))).toBe('nothing')
    expect(await deleteItem(database.db, bobs)).toBeUndefined()
    if (!before) throw new Error('no item')
    const asBob = { ...before, ownerId: 'bob' }
    expect(await pointToGeneration(database.db, asBob, alices.generation)).toBeUndefined()
    const stale = { ...before, revision: before.revision - 1 }
    expect(await pointToGeneration(database.db, stale, alices.generation)).toBeUndefined()
    expect(await readItem()).toEqual(before)
    expect(await pointToGeneration(database.db, before, alices.generation)).toBeDefined()
  })

  test('an image', async () => {
    const remove = (ownerId: string) => outcomeOf(deleteImage(deps(), ownerId, alices.generation))
    await expect(deleteImage(deps(), 'bob', alices.generation)).rejects.toMatchObject({
      code: 'not_found',
    })
    expect(await findOwnedImage(database.db, 'alice', alices.generation)).toBeDefined()
    await remove('alice')
    expect(await findOwnedImage(database.db, 'alice', alices.generation)).toBeUndefined()
  })
})

describe('a webhook endpoint is its registrant’s alone', () => {
  const scopes: [string, EndpointScope, boolean][] = [
    ['its owner', { ownerId: 'alice' }, true],
    ['another owner', { ownerId: 'bob' }, false],
    ['a source of the same name', { source: 'alice' }, false],
    ['an operator', 'everyone', true],
  ]
  const calls: Record<string, (scope: EndpointScope) => Promise<unknown>> = {
    read: (scope) => getEndpoint(database.db, scope, alices.webhook),
    listed: (scope) => listEndpoints(database.db, scope, { before: undefined, limit: 10 }),
    changed: (scope) =>
      changeEndpoint(database.db, scope, alices.webhook, { description: 'changed' }),
    'given another secret': (scope) => rotateSecret(database.db, scope, alices.webhook),
  }

  test.each(
    Object.entries(calls).flatMap(([name, call]) =>
      scopes.map(([by, scope, isTheirs]) => ({ name, by, call, scope, isTheirs })),
    ),
  )('$name by $by: $isTheirs', async ({ call, scope, isTheirs }) => {
    const before = await getEndpoint(database.db, 'everyone', alices.webhook)
    expect(await outcomeOf(call(scope))).toBe(isTheirs ? 'something' : 'nothing')
    if (isTheirs) return
    expect(await getEndpoint(database.db, 'everyone', alices.webhook)).toEqual(before)
  })

  test('and no delivery is read or repeated by way of another endpoint', async () => {
    const id = `we_${randomBytes(20).toString('hex')}`
    const values = { url: 'https://example.test/', events: [], secret: 'whsec_c2VjcmV0' }
    const other = await database.db
      .insertInto('webhookEndpoints')
      .values({ id, ownerId: 'bob', ...values })
      .returningAll()
      .executeTakeFirstOrThrow()
    const { webhook, delivery } = alices
    expect(await outcomeOf(getDelivery(database.db, webhook, delivery))).toBe('something')
    expect(await outcomeOf(getDelivery(database.db, id, delivery))).toBe('nothing')
    expect(await outcomeOf(redeliver(database.db, other, delivery))).toBe('nothing')
    const page = { before: undefined, limit: 10 }
    expect(await listDeliveries(database.db, { endpointId: id, ...page })).toEqual([])
    expect(await listDeliveries(database.db, { endpointId: webhook, ...page })).toHaveLength(1)
  })

  test('and it is removed by its owner', async () => {
    const remove = (scope: EndpointScope) => deleteEndpoint(database.db, scope, alices.webhook)
    await expect(remove({ ownerId: 'bob' })).rejects.toMatchObject({ code: 'not_found' })
    await remove({ ownerId: 'alice' })
    expect(await outcomeOf(getEndpoint(database.db, 'everyone', alices.webhook))).toBe('nothing')
  })
})
