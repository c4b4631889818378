import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { makePng } from '../support/pictures.ts'
import { expectProblem } from '../support/problems.ts'
import { createItems } from '../support/saved-items.ts'
import { waitFor } from '../support/wait-for.ts'

const showsImage = async (url: string | undefined) => {
  const response = await fetch(url ?? '')
  await response.arrayBuffer()
  return response.status === 200 && response.headers.get('imageonce-placeholder') === null
}

describeEachBackend('a saved item', (backend) => {
  let app: TestApp
  let alice: Client
  let items: ReturnType<typeof createItems>
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    app = await startTestApp({ backend, env: { WORKER_CONCURRENCY: '1' } })
    alice = await createClient(app)
    items = createItems(alice)
    holds = createHolds(app.gemini)
  })
  afterAll(() => app.stop())
  afterEach(async () => {
    holds.release()
    await waitFor(async () => (await findInFlight()) === undefined, { what: 'an idle worker' })
  })

  const findInFlight = () =>
    app.db
      .selectFrom('generations')
      .select('id')
      .where('status', 'in', ['queued', 'running'])
      .executeTakeFirst()

  test('with a prompt has its image made in the background, once, however often it is loaded', async () => {
    const held = await holds.start(alice, `what keeps the worker busy`)
    const saved = await items.save({
      title: 'Boat',
      prompt: '  a saved   boat',
      data: { my_key: 1 },
    })
    expect(saved).toMatchObject({
      title: 'Boat',
      prompt: '  a saved   boat',
      isPlaceholder: true,
      status: 'queued',
      data: { my_key: 1 },
    })
    const { body } = await alice.get(saved.generationId ?? '')
    expect(body.lane).toBe('eager')
    expect(await showsImage(saved.imageUrl)).toBe(false)
    expect(await items.load(saved.id)).toEqual(saved)
    held.open()
    const made = await items.loadWithImage(saved.id)
    expect(made).toMatchObject({ generationId: saved.generationId, status: 'succeeded' })
    expect(made.imageUrl).toMatch(/\?v=/)
    expect(await showsImage(made.imageUrl)).toBe(true)
    expect(await showsImage(saved.imageUrl)).toBe(true)
    for (let i = 0; i < 5; i++) expect(await items.load(saved.id)).toEqual(made)
    expect(app.gemini.countCalls('  a saved   boat')).toBe(1)
  })

  test('shares its image with all who ask for the same', async () => {
    const [first, second] = await Promise.all([
      items.save({ prompt: 'a shared boat' }),
      items.save({ prompt: 'a shared boat' }),
    ])
    const asked = await alice.generateAndWait({ prompt: 'a shared boat' })
    const loaded = [await items.loadWithImage(first.id), await items.loadWithImage(second.id)]
    const third = await items.save({ prompt: 'a shared boat' })
    expect(third.isPlaceholder).toBe(false)
    for (const { generationId, imageUrl } of [...loaded, third]) {
      expect({ generationId, imageUrl }).toEqual({
        generationId: asked.body.id,
        imageUrl: asked.body.imageUrl,
      })
    }
    expect(app.gemini.countCalls('a shared boat')).toBe(1)
  })

  test('with an image of its own, or without a prompt, asks for nothing', async () => {
    const calls = app.gemini.countCalls()
    const imageUrl = 'https://pictures.example/boat.png'
    const own = await items.save({ prompt: 'a boat of my own', imageUrl })
    expect(own).toMatchObject({ imageUrl, isPlaceholder: false })
    expect(own.generationId).toBeUndefined()
    const bare = await items.save({ title: 'Nothing yet' })
    expect(bare).toMatchObject({ title: 'Nothing yet', isPlaceholder: false })
    expect(bare.imageUrl).toBeUndefined()
    await items.load(own.id)
    await items.load(bare.id)
    expect(app.gemini.countCalls()).toBe(calls)
  })

  test('with an address that is none has its image made', async () => {
    const saved = await items.save({ prompt: 'a boat without address', imageUrl: 'blob:nothing' })
    await items.loadWithImage(saved.id)
    expect(app.gemini.countCalls('a boat without address')).toBe(1)
  })

  test('with one of our image URLs knows whose image it is', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a boat made before' })
    const saved = await items.save({ prompt: 'other words', imageUrl: body.urls.image })
    expect(saved).toMatchObject({
      generationId: body.id,
      imageUrl: body.imageUrl,
      isPlaceholder: false,
    })
    expect(app.gemini.countCalls('other words')).toBe(0)
  })

  test('is made from its condition image', async () => {
    const data = (await makePng('#112233')).toString('base64')
    const saved = await items.save({
      prompt: 'a better boat',
      transformation: 'enhance',
      conditionImage: `data:image/png;base64,${data}`,
    })
    expect(saved.conditionImage).toMatch(/^i_/)
    const { generationId } = await items.loadWithImage(saved.id)
    const { body } = await alice.get(generationId ?? '')
    expect(body).toMatchObject({ isConditioned: true, transformation: 'enhance' })
  })

  test('whose prompt is changed gets another image, and the superseded one is not bought', async () => {
    const held = await holds.start(alice, 'what keeps the worker busy at an edit')
    const first = await items.save({ title: 'Draft', prompt: 'a first draft' })
    const second = await items.change(first.id, { prompt: 'a second draft' })
    expect(second.generationId).not.toBe(first.generationId)
    expect(second).toMatchObject({ title: 'Draft', isPlaceholder: true })
    const { body } = await alice.get(first.generationId ?? '')
    expect(body).toMatchObject({ status: 'canceled', error: { code: 'superseded' } })
    held.open()
    await items.loadWithImage(first.id)
    expect(app.gemini.countCalls('a first draft')).toBe(0)
    expect(app.gemini.countCalls('a second draft')).toBe(1)

    const calls = app.gemini.countCalls()
    const read = await items.load(first.id)
    const { prompt, imageUrl } = read
    const renamed = await items.change(first.id, { title: 'Final', prompt, imageUrl, variant: 'b' })
    const { title: _, variant: __, updatedAt: ___, ...rest } = renamed
    expect(read).toMatchObject(rest)
    await items.load(first.id)
    expect(app.gemini.countCalls()).toBe(calls)
  })

  test('whose prompt is written otherwise keeps its image, and one with other words gets another', async () => {
    const { id, generationId } = await items.save({ prompt: '102 saved tiles' })
    const spaced = await items.change(id, { prompt: '102  saved\n\u200btiles' })
    expect(spaced).toMatchObject({ prompt: '102  saved\n\u200btiles', generationId })
    const other = await items.change(id, { prompt: '10² saved tiles' })
    expect(other.generationId).not.toBe(generationId)
    await waitFor(() => app.gemini.countCalls('10² saved tiles') === 1, { what: 'the call' })
  })

  test('whose prompt is changed back is made after all', async () => {
    const held = await holds.start(alice, 'what keeps the worker busy at an edit back')
    const first = await items.save({ prompt: 'to and fro' })
    await items.change(first.id, { prompt: 'fro' })
    const back = await items.change(first.id, { prompt: 'to and fro' })
    expect(back).toMatchObject({ generationId: first.generationId, status: 'queued' })
    held.open()
    await items.loadWithImage(first.id)
    expect(app.gemini.countCalls('to and fro')).toBe(1)
  })

  test('that is edited by many at once ends with the image of the prompt it ends with', async () => {
    const { id } = await items.save({ prompt: 'edit' })
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => items.change(id, { prompt: `edit number ${i}` })),
    )
    const { prompt, generationId } = await items.loadWithImage(id)
    const { body } = await alice.get(generationId ?? '')
    expect(body.prompt).toBe(prompt)
  })

  test.each<[string, (prompt: string) => Promise<unknown>]>([
    ['another item has', (prompt) => items.save({ prompt })],
    ['a person has asked for', (prompt) => alice.generate({ prompt })],
  ])('leaves the image that %s as well', async (_name, wantToo) => {
    const held = await holds.start(alice, `what keeps the worker busy while ${_name}`)
    const prompt = `wanted as well, ${_name}`
    const first = await items.save({ prompt })
    await wantToo(prompt)
    await items.change(first.id, { prompt: `something else, ${_name}` })
    expect((await alice.get(first.generationId ?? '')).body.status).toBe('queued')
    held.open()
    const { body } = await alice.get(first.generationId ?? '', { Prefer: 'wait=20' })
    expect(body.status).toBe('succeeded')
  })

  test('that is removed is gone; its image stays', async () => {
    const { id } = await items.save({ prompt: 'a boat to remove' })
    const { imageUrl } = await items.loadWithImage(id)
    expect((await items.remove(id)).status).toBe(204)
    for (const method of ['GET', 'DELETE', 'PATCH']) {
      const body = method === 'PATCH' ? { body: {} } : {}
      const answer = await alice.fail(method, `/api/saved-items/${id}`, body)
      expectProblem(answer, { status: 404, code: 'not_found' })
    }
    expect(await showsImage(imageUrl)).toBe(true)
  })

  test.each<[string, (id: string, imageUrl: string) => Promise<unknown>]>([
    ['deleted', (id) => alice.call('DELETE', `/api/images/${id}`)],
    [
      'lost',
      async (id, imageUrl) => {
        const { objectKey } = await app.db
          .selectFrom('generations')
          .select('objectKey')
          .where('id', '=', id)
          .executeTakeFirstOrThrow()
        await rm(join(app.dataDir, 'images', objectKey))
        await showsImage(imageUrl)
      },
    ],
  ])('whose image was %s asks for it again when it is loaded', async (how, take) => {
    const prompt = `a boat that was ${how}`
    const { id } = await items.save({ prompt })
    const { generationId = '', imageUrl = '' } = await items.loadWithImage(id)
    await take(generationId, imageUrl)
    const open = holds.hold()
    const [again, together] = await Promise.all([items.load(id), items.load(id)])
    expect(again).toMatchObject({ isPlaceholder: true })
    expect(together.generationId).toBe(again.generationId)
    expect(await showsImage(again.imageUrl)).toBe(false)
    open()
    expect(await showsImage((await items.loadWithImage(id)).imageUrl)).toBe(true)
    expect(app.gemini.countCalls(prompt)).toBe(2)
  })

  test('whose image the model refuses says so, and does not try again by itself', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { id } = await items.save({ prompt: 'a refused boat' })
    const failed = await waitFor(
      async () => {
        const item = await items.load(id)
        return item.status === 'failed' && item
      },
      { what: 'the refusal' },
    )
    expect(failed).toMatchObject({ isPlaceholder: true, error: { code: 'refused_prompt' } })
    await items.load(id)
    expect(app.gemini.countCalls('a refused boat')).toBe(1)
  })
})
