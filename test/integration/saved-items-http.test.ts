import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { SavedItem } from '../../src/contract/saved-item.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { expectProblem } from '../support/problems.ts'
import { createItems } from '../support/saved-items.ts'

type Page = { items: SavedItem[]; nextCursor: string | null }

describe('saved items', () => {
  let app: TestApp
  let alice: Client
  let items: ReturnType<typeof createItems>

  beforeAll(async () => {
    app = await startTestApp({ workers: 0, env: { OWNER_MAX_IN_FLIGHT: '1' } })
    alice = await createClient(app)
    items = createItems(alice)
  })
  afterAll(() => app.stop())

  test('are saved even when their image can not be asked for, which the next load does', async () => {
    const { generationId = '' } = await items.save({ prompt: 'the one in flight' })
    const second = await items.save({ prompt: 'one too many' })
    expect(second.isPlaceholder).toBe(true)
    expect(second.imageUrl).toMatch(/^data:image\//)
    expect(second.generationId).toBeUndefined()
    await alice.call('POST', `/api/generations/${generationId}/cancel`)
    const { body } = await alice.call<Page>('GET', '/api/saved-items')
    const loaded = body.items.find(({ id }) => id === second.id)
    expect(loaded).toMatchObject({ isPlaceholder: true, status: 'queued' })
    expect(loaded?.imageUrl).toMatch(/\/images\/g_/)
  })

  test('come in pages, newest first', async () => {
    const carol = await createClient(app, 'carol')
    const hers = createItems(carol)
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.unshift((await hers.save({ title: `item ${i}` })).id)
    const found: string[] = []
    let next: string | null = '/api/saved-items?limit=2'
    while (next) {
      const { headers, body }: Awaited<ReturnType<typeof carol.call<Page>>> = await carol.call(
        'GET',
        next,
      )
      found.push(...body.items.map(({ id }) => id))
      next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? null
      expect(next === null).toBe(body.nextCursor === null)
    }
    expect(found).toEqual(ids)
  })

  test('under an id of the app are saved once, and another owner may have the same', async () => {
    const body = { id: 'post-7', title: 'first' }
    const first = await alice.call<SavedItem>('POST', '/api/saved-items', { body })
    expect(first.status).toBe(201)
    expect(first.headers.get('location')).toBe(`${app.url}/api/saved-items/post-7`)
    await items.change('post-7', { title: 'second' })
    const again = await alice.call<SavedItem>('POST', '/api/saved-items', { body })
    expect(again).toMatchObject({ status: 200, body: { id: 'post-7', title: 'second' } })
    const bob = await createClient(app, 'bob of posts')
    const his = await bob.call<SavedItem>('POST', '/api/saved-items', { body })
    expect(his).toMatchObject({ status: 201, body: { title: 'first' } })
  })

  test("are nobody else's", async () => {
    const { id } = await items.save({ title: 'mine' })
    const bob = await createClient(app, 'bob')
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', { title: 'his' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await bob.fail(method, `/api/saved-items/${id}`, { body })
      expectProblem(answer, { status: 404, code: 'not_found' })
    }
    expect((await bob.call<Page>('GET', '/api/saved-items')).body.items).toEqual([])
    expect((await items.load(id)).title).toBe('mine')
  })

  const wrong: [string, object, string[]][] = [
    ['an unknown field', { titel: 'Boat' }, ['/titel']],
    ['an empty prompt', { prompt: ' ' }, ['/prompt']],
    ['a long title', { title: 'x'.repeat(201) }, ['/title']],
    ['an address that is none', { imageUrl: 'nowhere' }, ['/imageUrl']],
    ['a number for an address', { prompt: 'x', imageUrl: 7 }, ['/imageUrl']],
    ['much data', { data: { text: 'é'.repeat(5_000) } }, ['/data']],
    ['data that is no object', { data: [1] }, ['/data']],
    ['an unknown model', { prompt: 'x', model: 'gemini-none' }, ['/model']],
    ['an unknown ratio', { aspectRatio: '7:1' }, ['/aspectRatio']],
    ["another's image", { conditionImage: `i_${'0'.repeat(40)}` }, ['/conditionImage']],
    ['nothing to enhance', { prompt: 'x', transformation: 'enhance' }, ['/conditionImage']],
  ]
  test.each(wrong)('with %s are refused, new or changed', async (_name, body, pointers) => {
    const expected = { status: 400, code: 'invalid_request', pointers }
    const { id } = await items.save({ title: 'as it was' })
    const before = await items.load(id)
    expectProblem(await alice.fail('POST', '/api/saved-items', { body }), expected)
    expectProblem(await alice.fail('PATCH', `/api/saved-items/${id}`, { body }), expected)
    expect(await items.load(id)).toEqual(before)
  })
})
