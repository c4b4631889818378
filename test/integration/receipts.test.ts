import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Receipt, receiptSchema, type SharedReceipt } from '../../src/contract/receipt.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { waitFor } from '../support/wait-for.ts'

/** By the tokens that the stand-in counts. */
const PRICE = 0.033618

let app: TestApp
let alice: Client
let bob: Client
let operator: Client

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  bob = await createClient(app, 'bob')
  operator = await createClient(app, 'ops', true)
})
afterAll(() => app.stop())

const readReceipt = async (client: Client, id: string, query = '') => {
  const { body } = await client.call<Receipt>('GET', `/api/images/${id}/receipt${query}`)
  return receiptSchema.strict().parse(body)
}

/** Answers are written down a moment after they were given. */
const waitForAskings = (client: Client, id: string, count: number) =>
  waitFor(
    async () => {
      const receipt = await readReceipt(client, id)
      return receipt.askings.length >= count && receipt
    },
    { what: `${count} askings` },
  )

const make = async (client: Client, body: Record<string, unknown>) =>
  (await client.generateAndWait(body)).body

describe('the receipt of an image', () => {
  let id = ''

  test('says what was paid, how often that was the answer, and what it saved', async () => {
    const made = await make(alice, { prompt: 'a lighthouse at dusk' })
    id = made.id
    for (let n = 0; n < 3; n++) await alice.generate({ prompt: 'a lighthouse at dusk' })
    const receipt = await waitForAskings(alice, id, 4)
    expect(receipt.askings.map(({ kind }) => kind)).toEqual(['exact', 'exact', 'exact', 'paid'])
    expect(receipt.askings.at(-1)).toMatchObject({ costUsd: PRICE, calls: 1, isOther: false })
    expect(receipt.paid).toMatchObject({ usd: PRICE, others: 0, othersUsd: 0 })
    expect(Date.parse(receipt.paid.at ?? '')).toBeGreaterThan(Date.now() - 600_000)
    expect(receipt.answered).toMatchObject({ count: 3, exact: 3, isCut: false })
    expect(receipt.answered.savedUsd).toBeCloseTo(3 * PRICE, 9)
  })

  test('says who forced another image, and from where', async () => {
    const body = { prompt: 'a lighthouse at dusk', skipExistingCheck: true }
    const forced = await make(alice, body)
    const again = await operator.call<{ id: string }>('POST', `/api/generations/${id}/regenerate`)
    await operator.waitForEnd(again.body.id)
    expect(forced).toMatchObject({ isForced: true, fingerprint: id })
    const receipt = await readReceipt(alice, id)
    const [newest, older] = receipt.askings
    expect(newest).toMatchObject({
      kind: 'forced',
      isOther: true,
      costUsd: PRICE,
      forcedBy: { who: 'operator', id: 'ops', via: 'api' },
    })
    expect(older).toMatchObject({ kind: 'forced', forcedBy: { who: 'owner', via: 'api' } })
    expect(receipt.paid).toMatchObject({ others: 2, othersUsd: 2 * PRICE })
    const again2 = receipt.siblings.filter(({ relation }) => relation === 'again')
    expect(again2.map(({ differs }) => differs)).toEqual([[], []])
  })

  test('names the key that forced it, by which API it came', async () => {
    const key = await operator.call<{ key: string; id: string }>('POST', '/api/keys', {
      body: { name: 'the shop', ownerId: 'alice', scopes: ['generate'] },
    })
    const model = 'gemini-nano-banana-2.1'
    const { headers } = await alice.call('POST', `/gemini/v1beta/models/${model}:generateContent`, {
      body: { contents: [{ parts: [{ text: 'a lighthouse at dusk' }] }] },
      headers: { authorization: `Bearer ${key.body.key}`, 'imageonce-skip-existing': 'true' },
    })
    const [forcedId = ''] = (headers.get('imageonce-generation') ?? '').split(',')
    const { body } = await alice.get(forcedId)
    expect(body.forcedBy).toEqual({ who: 'key', id: key.body.id, name: 'the shop', via: 'gemini' })
  })

  test('shows what differs from the images beside it', async () => {
    await make(alice, { prompt: 'a lighthouse at dusk', variant: 'cover', aspectRatio: '16:9' })
    await make(alice, { prompt: 'a lighthouse at dawn' })
    await make(alice, { prompt: 'a bowl of figs' })
    await make(alice, { prompt: 'in fog', conditionImage: id, transformation: 'enhance' })
    const { siblings } = await readReceipt(alice, id)
    const others = siblings.filter(({ relation }) => relation !== 'again')
    expect(
      others.map(({ relation, differs, generation }) => [relation, generation.prompt, differs]),
    ).toEqual([
      ['variant', 'a lighthouse at dusk', ['aspectRatio', 'variant']],
      ['alike', 'a lighthouse at dawn', ['prompt']],
      ['made', 'in fog', ['prompt', 'transformation', 'conditionImage']],
    ])
    const made = others.at(-1)?.generation.id ?? ''
    expect((await readReceipt(alice, made)).sources.map((source) => source.id)).toEqual([id])
  })

  test('comes in pages, and the whole list in order', async () => {
    const whole = await readReceipt(alice, id)
    const first = await readReceipt(alice, id, '?limit=2')
    const rest = await readReceipt(alice, id, `?cursor=${first.nextCursor}`)
    expect([...first.askings, ...rest.askings]).toEqual(whole.askings)
    expect(rest.nextCursor).toBeNull()
    const wrong = Buffer.from('1 none').toString('base64url')
    expect((await alice.fail('GET', `/api/images/${id}/receipt?cursor=${wrong}`)).status).toBe(400)
  })

  test('is nobody else’s but an operator’s', async () => {
    expect((await bob.fail('GET', `/api/images/${id}/receipt`)).status).toBe(404)
    expect((await bob.fail('GET', `/api/generations/${id}/answers`)).status).toBe(404)
    const link = { body: { expiresInSeconds: 60 } }
    expect((await bob.fail('POST', `/api/images/${id}/receipt/link`, link)).status).toBe(404)
    expect((await readReceipt(operator, id)).generation.ownerId).toBe('alice')
  })

  test('has no images of an owner who asks for the same words', async () => {
    const other = await make(bob, { prompt: 'a lighthouse at dusk' })
    expect((await readReceipt(bob, other.id)).siblings).toEqual([])
  })
})

describe('answers', () => {
  test('are listed by generation, those of an asking that failed too', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body } = await alice.generateAndWait({ prompt: 'refused' })
    app.gemini.reset()
    await alice.call('POST', `/api/generations/${body.id}/retry`)
    await alice.waitForEnd(body.id)
    const answers = await alice.call<{ askings: { kind: string; costUsd: number }[] }>(
      'GET',
      `/api/generations/${body.id}/answers`,
    )
    expect(answers.body.askings.map(({ kind }) => kind)).toEqual(['paid', expect.any(String)])
    expect(answers.body.askings[0]?.costUsd).toBe(PRICE)
  })

  test('that a browser had itself are counted without money, and its word for others is not taken', async () => {
    const { id } = await make(alice, { prompt: 'seen again' })
    const report = (eventId: string, source: string) => ({
      id: eventId,
      type: 'generation_skipped',
      at: new Date().toISOString(),
      generationId: id,
      source,
    })
    const events = [report('one', 'client'), report('two', 'exact')]
    await alice.call('POST', '/api/telemetry', { body: { events } })
    const receipt = await waitForAskings(alice, id, 2)
    expect(receipt.askings.map(({ kind }) => kind)).toEqual(['client', 'paid'])
    expect(receipt.answered).toMatchObject({ count: 1, client: 1, savedUsd: 0 })
  })

  test('find their generations, by how they were answered', async () => {
    const { id } = await make(alice, { prompt: 'asked twice' })
    await alice.generate({ prompt: 'asked twice' })
    await waitForAskings(alice, id, 2)
    const list = async (client: Client, query: string) => {
      const { body } = await client.call<{ generations: { id: string }[] }>(
        'GET',
        `/api/generations?${query}`,
      )
      return body.generations.map((each) => each.id)
    }
    expect(await list(alice, 'source=exact')).toContain(id)
    expect(await list(alice, 'source=joined')).not.toContain(id)
    expect(await list(bob, 'source=exact')).toEqual([])
  })
})

describe('a link to a receipt', () => {
  const share = async (client: Client, id: string, expiresInSeconds = 60) => {
    const path = `/api/images/${id}/receipt/link`
    const { body } = await client.call<{ url: string }>('POST', path, {
      body: { expiresInSeconds },
    })
    return new URL(body.url)
  }
  const open = async ({ pathname, search }: URL) => {
    const response = await fetch(`${app.url}/api${pathname}${search}`)
    return { status: response.status, body: (await response.json()) as SharedReceipt }
  }

  test('shows the picture, its words and its money to whoever has it, and nobody’s name', async () => {
    const { id } = await make(alice, { prompt: 'to be shown around' })
    await make(alice, { prompt: 'to be shown around', skipExistingCheck: true })
    const url = await share(alice, id)
    const { status, body } = await open(url)
    expect(status).toBe(200)
    expect(body).toMatchObject({ prompt: 'to be shown around', paid: { usd: PRICE } })
    expect(body.askings.map(({ kind }) => kind)).toEqual(['forced', 'paid'])
    expect(JSON.stringify(body.askings)).not.toMatch(/g_|alice|forcedBy|generationId/)
    expect(JSON.stringify(body)).not.toContain('alice')
    const picture = await fetch(body.imageUrl)
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png'])
    await picture.arrayBuffer()
  })

  test('is no permission for another image, for longer, or for anything else', async () => {
    const { id } = await make(alice, { prompt: 'one' })
    const other = await make(alice, { prompt: 'another' })
    const url = await share(alice, id)
    const signature = url.searchParams.get('signature')
    const exp = url.searchParams.get('exp')
    const tried = (path: string) => open(new URL(path, url))
    expect((await tried(`/receipts/${other.id}${url.search}`)).status).toBe(404)
    const longer = `exp=${Number(exp) + 60}&signature=${signature}`
    expect((await tried(`/receipts/${id}?${longer}`)).status).toBe(404)
    expect((await tried(`/receipts/${id}?exp=${exp}`)).status).toBe(404)
    const image = await fetch(`${app.url}/images/${id}.${signature}?exp=${exp}`)
    expect(image.status).toBe(404)
    await image.text()
    const { body: ending } = await alice.call<{ imageUrl: string }>(
      'POST',
      `/api/images/${id}/url`,
      { body: { expiresInSeconds: 60 } },
    )
    const [, ofImage] = /\.([\w-]+)\?exp/.exec(ending.imageUrl) ?? []
    const until = new URL(ending.imageUrl).searchParams.get('exp')
    expect((await tried(`/receipts/${id}?exp=${until}&signature=${ofImage}`)).status).toBe(404)
  })

  test('ends', async () => {
    const { id } = await make(alice, { prompt: 'for a moment' })
    const url = await share(alice, id, 1)
    await waitFor(async () => (await open(url)).status === 404, { what: 'the end of the link' })
  })
})
