import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'

describeEachBackend('one request, one image', (backend) => {
  let app: TestApp
  let alice: Client

  beforeAll(async () => {
    app = await startTestApp({ backend, apis: 2, workers: 2 })
    alice = await createClient(app)
  })
  afterAll(() => app.stop())

  test('a prompt becomes an image that its URL serves', async () => {
    const { status, body } = await alice.generateAndWait({ prompt: 'a red bicycle' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'succeeded',
      isExisting: false,
      isPlaceholder: false,
      provider: 'gemini',
      attempts: 1,
    })
    expect(body.costUsd).toBeGreaterThan(0)
    const image = await fetch(body.imageUrl)
    await image.arrayBuffer()
    expect(image.status).toBe(200)
    expect(image.headers.get('content-type')).toMatch(/^image\/(png|webp|jpeg)$/)
    expect(app.gemini.countCalls('a red bicycle')).toBe(1)
  })

  test('the same request again is answered with the same image, and nothing is paid', async () => {
    const first = await alice.generateAndWait({ prompt: 'a green boat' })
    const second = await alice.generate({ prompt: '  a green   boat ' })
    expect(second.status).toBe(200)
    expect(second.body).toMatchObject({
      id: first.body.id,
      isExisting: true,
      reuse: { source: 'exact', savedUsd: first.body.costUsd },
    })
    expect(app.gemini.countCalls('a green boat')).toBe(1)
  })

  test('200 identical requests to two servers at once make one row and one paid call', async () => {
    app.gemini.behave({ kind: 'delay', ms: 300 })
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        alice.call<{ id: string; status: string; imageUrl: string }>(
          'POST',
          `${app.urls[i % 2]}/api/visualize/generate`,
          { body: { prompt: 'a crowd' }, headers: { Prefer: 'wait=30' } },
        ),
      ),
    )
    app.gemini.behave({ kind: 'image' })
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(answers.every(({ body }) => body.status === 'succeeded')).toBe(true)
    expect(app.gemini.countCalls('a crowd')).toBe(1)
    const rows = await app.db
      .selectFrom('generations')
      .select('paidCalls')
      .where('prompt', '=', 'a crowd')
      .execute()
    expect(rows).toEqual([{ paidCalls: 1 }])
  })

  test('50 different requests at once make 50 images', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => alice.generateAndWait({ prompt: `picture ${i}` })),
    )
    expect(answers.filter(({ body }) => body.status === 'succeeded')).toHaveLength(50)
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(50)
    expect(app.gemini.countCalls('picture ')).toBe(50)
  })

  test('other words make another image, and the model is sent them as they are written', async () => {
    // biome-ignore format: a list
    const prompts = ['10² tiles', '102 tiles', 'E=mc²', 'E=mc2', '½ of it', '1/2 of it', '𝕄𝔸𝕏', 'MAX', '①', '1', 'Acme™', 'AcmeTM',
      ' 1. a cat\n 2. a dog\n', 'wait\u200b…']
    const answers = await Promise.all(prompts.map((prompt) => alice.generateAndWait({ prompt })))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(prompts.length)
    for (const [index, { body }] of answers.entries()) {
      expect(body).toMatchObject({ status: 'succeeded', prompt: prompts[index], isExisting: false })
    }
    const sent = app.gemini.calls.map(({ prompt }) => prompt)
    for (const prompt of prompts) expect(sent.filter((one) => one === prompt)).toHaveLength(1)
    const again = await alice.generate({ prompt: '1. a cat 2. a dog' })
    expect(again.body).toMatchObject({ isExisting: true, prompt: ' 1. a cat\n 2. a dog\n' })
  })

  test('another owner with the same words gets another image', async () => {
    const bob = await createClient(app, 'bob')
    const [hers, his] = await Promise.all([
      alice.generateAndWait({ prompt: 'a shared idea' }),
      bob.generateAndWait({ prompt: 'a shared idea' }),
    ])
    expect(hers.body.id).not.toBe(his.body.id)
    expect(app.gemini.countCalls('a shared idea')).toBe(2)
  })

  test('a forced request makes a new image, and the next plain one reuses the newest', async () => {
    const first = await alice.generateAndWait({ prompt: 'a lighthouse' })
    const forced = await alice.generateAndWait({ prompt: 'a lighthouse', skipExistingCheck: true })
    expect(forced.body.id).not.toBe(first.body.id)
    expect(forced.body.isExisting).toBe(false)
    const third = await alice.generate({ prompt: 'a lighthouse' })
    expect(third.body).toMatchObject({ id: forced.body.id, isExisting: true })
    expect(app.gemini.countCalls('a lighthouse')).toBe(2)
  })

  test('a plain request joins a forced one that is under way', async () => {
    app.gemini.behave({ kind: 'delay', ms: 300 })
    const forced = await alice.generate({ prompt: 'a windmill', skipExistingCheck: true })
    const plain = await alice.generateAndWait({ prompt: 'a windmill' })
    app.gemini.behave({ kind: 'image' })
    expect(plain.body).toMatchObject({ id: forced.body.id, reuse: { source: 'joined' } })
    expect(app.gemini.countCalls('a windmill')).toBe(1)
  })

  describe('an Idempotency-Key', () => {
    test('gives the same forced generation again', async () => {
      const key = { 'Idempotency-Key': '"key-1"' }
      const request = { prompt: 'a castle', skipExistingCheck: true }
      const [first, second] = await Promise.all([
        alice.generateAndWait(request, key),
        alice.generateAndWait(request, { 'Idempotency-Key': 'key-1' }),
      ])
      expect(first.body.id).toBe(second.body.id)
      expect(app.gemini.countCalls('a castle')).toBe(1)
    })

    test('with another body is 422 and changes nothing', async () => {
      const key = { 'Idempotency-Key': 'key-2' }
      await alice.generateAndWait({ prompt: 'a bridge' }, key)
      const reused = await alice.fail('POST', '/api/visualize/generate', {
        body: { prompt: 'a tunnel' },
        headers: key,
      })
      expect(reused.status).toBe(422)
      expect(reused.body.code).toBe('idempotency_key_reused')
      expect(app.gemini.countCalls('a tunnel')).toBe(0)
    })

    test("is the owner's own: another owner may use the same word", async () => {
      const bob = await createClient(app, 'bob')
      const key = { 'Idempotency-Key': 'key-3' }
      const hers = await alice.generateAndWait({ prompt: 'a well' }, key)
      const his = await bob.generateAndWait({ prompt: 'a fountain' }, key)
      expect(his.status).toBe(200)
      expect(his.body.id).not.toBe(hers.body.id)
    })
  })

  test('a condition image makes another identity, and reaches the model', async () => {
    const picture = await alice.generateAndWait({ prompt: 'a chair' })
    const bytes = Buffer.from(await (await fetch(picture.body.imageUrl)).arrayBuffer())
    const byBytes = await alice.generateAndWait({
      prompt: 'a chair in oak',
      conditionImage: bytes.toString('base64'),
    })
    expect(byBytes.body).toMatchObject({ status: 'succeeded', isConditioned: true })
    const byId = await alice.generate({
      prompt: 'a chair in oak',
      conditionImage: picture.body.id,
    })
    expect(byId.body).toMatchObject({ id: byBytes.body.id, isExisting: true })
    const enhanced = await alice.generateAndWait({
      prompt: 'a chair in oak',
      conditionImage: picture.body.id,
      transformation: 'enhance',
    })
    expect(enhanced.body.id).not.toBe(byBytes.body.id)
    const [call] = app.gemini.calls.filter(({ prompt }) => prompt.includes('a chair in oak'))
    expect(JSON.stringify(call?.body)).toContain('inlineData')
  })

  test('an eager generation that a person asks for moves to the interactive lane', async () => {
    app.gemini.behave({ kind: 'delay', ms: 300 })
    const eager = await alice.generate({ prompt: 'a barn', lane: 'eager' })
    expect(eager.body.lane).toBe('eager')
    const asked = await alice.generateAndWait({ prompt: 'a barn' })
    app.gemini.behave({ kind: 'image' })
    expect(asked.body).toMatchObject({
      id: eager.body.id,
      lane: 'interactive',
      status: 'succeeded',
    })
  })
})
