import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createFindNeighbours } from '../../src/features/similarity/neighbours/find-neighbours.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createContractCheck } from '../support/openapi.ts'
import { makePng } from '../support/pictures.ts'

type Owner = { name: string; client: Client; upload: string; ids: string[] }

const OWNERS = 12
const PROMPTS = [
  'Studio photo of a red bicycle in front of a white wall',
  'A red bicycle against a white wall, studio photo',
  'A blue bicycle against a white wall, studio photo',
]

const findNeighbours = createFindNeighbours()

let app: TestApp
let owners: Owner[]

// All of them ask for the same pictures, guided by the same one, and each of them reuses its own.
beforeAll(async () => {
  app = await startTestApp({ env: { EMBEDDING_SOURCE: 'local', SIMILARITY_MODE: 'reuse' } })
  const picture = await makePng()
  owners = await Promise.all(
    Array.from({ length: OWNERS }, async (_, index): Promise<Owner> => {
      const name = `owner-${index}`
      const client = await createClient(app, name)
      const { body } = await client.call<{ id: string }>('POST', '/api/images', {
        body: picture,
        headers: { 'content-type': 'image/png' },
      })
      return { name, client, upload: body.id, ids: [] }
    }),
  )
  for (const prompt of PROMPTS) await Promise.all(owners.map((owner) => make(owner, prompt)))
})

afterAll(() => app.stop())

const make = async ({ client, upload, ids }: Owner, prompt: string): Promise<void> => {
  const { body } = await client.generateAndWait({ prompt, conditionImage: upload })
  expect(body.status).toBe('succeeded')
  ids.push(body.id)
}

/** Ids of generations and images that stand in a text. */
const idsIn = (text: string): string[] => text.match(/\b[gi]_[0-9a-f]{40}\b/g) ?? []

const foreignIdsIn = (owner: Owner, text: string): string[] => {
  const own = new Set([...owner.ids, owner.upload])
  return idsIn(text).filter((id) => !own.has(id))
}

test('each pays for its own pictures, and reuses nobody else’s', async () => {
  const rows = await app.db
    .selectFrom('generations as g')
    .innerJoin('imageMetadata as image', 'image.id', 'g.imageId')
    .innerJoin('generations as maker', 'maker.id', 'g.imageId')
    .select(['g.ownerId', 'g.prompt', 'g.reuseSource', 'maker.ownerId as maker', 'image.userId'])
    .execute()
  expect(rows).toHaveLength(OWNERS * PROMPTS.length)
  for (const { ownerId, maker, userId } of rows) {
    expect([maker, userId]).toEqual([ownerId, ownerId])
  }
  const reused = rows.filter(({ reuseSource }) => reuseSource === 'similar')
  expect(reused.map(({ prompt }) => prompt)).toEqual(Array(OWNERS).fill(PROMPTS[1]))
  expect(app.gemini.countCalls()).toBe(OWNERS * 2)
})

test('no comparison finds another owner’s, though all their vectors are the same', async () => {
  const vectors = await app.db.selectFrom('promptEmbeddings').selectAll().execute()
  expect(vectors).toHaveLength(OWNERS * PROMPTS.length)
  for (const { ownerId, scope, model, code, fingerprint } of vectors.slice(0, 12)) {
    const query = { ownerId, scope, model, code, fingerprint, minSimilarity: 0, limit: 100 }
    const found = await findNeighbours(app.db, query)
    const owner = owners.find(({ name }) => name === ownerId)
    expect(found.length).toBeGreaterThan(0)
    for (const { imageId } of found) expect(owner?.ids).toContain(imageId)
    const [other] = vectors.filter((vector) => vector.ownerId !== ownerId)
    const crossed = { ...query, ownerId: other?.ownerId ?? '' }
    expect(await findNeighbours(app.db, crossed)).toEqual([])
  }
})

test('nothing that can be read names another owner’s picture, and no id of one opens anything', async () => {
  const [alice, bob] = owners as [Owner, Owner]
  const response = await fetch(`${app.url}/openapi.json`)
  const { operations } = createContractCheck((await response.json()) as never)
  const [made] = await app.db
    .selectFrom('generations')
    .select('conditionImageDigest')
    .where('ownerId', '=', bob.name)
    .execute()
  const foreign = [...bob.ids, bob.upload]
  const queries = [
    '',
    '?limit=100',
    `?conditionImage=${made?.conditionImageDigest}`,
    `?owner=${bob.name}`,
  ]
  const paths = operations
    .filter(({ method, path }) => method === 'get' && /^\/(api|images)\//.test(path))
    .filter(({ path }) => !path.endsWith('/events'))
    .flatMap(({ path }) =>
      path.includes('{')
        ? foreign.map((id) => path.replace(/\{[^}]+\}/g, id))
        : queries.map((query) => `${path}${query}`),
    )
  expect(paths.length).toBeGreaterThan(40)
  for (const path of paths) {
    const { status, body } = await alice.client.call<unknown>('GET', path)
    const asked = idsIn(path)
    const named = foreignIdsIn(alice, JSON.stringify(body)).filter((id) => !asked.includes(id))
    expect({ path, named }).toEqual({ path, named: [] })
    const refusal = REFUSALS.find(([start]) => path.startsWith(start))?.[1] ?? 404
    if (asked.length > 0) expect({ path, status }).toEqual({ path, status: refusal })
  }
})

test('nothing can be done with another owner’s picture', async () => {
  const [alice, bob] = owners as [Owner, Owner]
  const [id] = bob.ids
  const tries: [string, string, unknown?][] = [
    ['POST', `/api/generations/${id}/cancel`],
    ['POST', `/api/generations/${id}/retry`],
    ['POST', `/api/generations/${id}/regenerate`],
    ['POST', `/api/generations/${id}/feedback`, { accepted: true }],
    ['DELETE', `/api/images/${id}`],
    ['PUT', `/api/similarity?owner=${bob.name}`, { mode: 'off' }],
    ['POST', '/api/visualize/generate', { prompt: 'mine', conditionImage: bob.upload }],
    ['POST', '/api/visualize/generate', { prompt: 'mine', conditionImage: id }],
  ]
  for (const [method, path, body] of tries) {
    const { status } = await alice.client.call(method, path, { body: body ?? {} })
    expect({ path, isRefused: [400, 403, 404].includes(status) }).toEqual({ path, isRefused: true })
  }
  expect((await bob.client.get(id ?? '')).body.status).toBe('succeeded')
})

/** Of owners and bills only operators may ask, and a statement is of a month. */
const REFUSALS: readonly [start: string, status: number][] = [
  ['/api/owners/', 403],
  ['/api/reconciliations/', 403],
  ['/api/statements/', 400],
]
