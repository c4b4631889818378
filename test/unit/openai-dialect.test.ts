import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ProblemToPresent } from '../../src/adapters/http/problem.ts'
import { createGeminiPrices } from '../../src/adapters/providers/gemini-prices.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { generationRequestSchema } from '../../src/contract/generation-request.ts'
import type { ModelInfo } from '../../src/contract/server-info.ts'
import { describePictures } from '../../src/features/gateway/openai/describe.ts'
import { readForm, readJson } from '../../src/features/gateway/openai/edits.ts'
import { imagesFieldsSchema } from '../../src/features/gateway/openai/fields.ts'
import { describeModel, listModels } from '../../src/features/gateway/openai/models.ts'
import { offerTo } from '../../src/features/gateway/openai/offer.ts'
import { presentProblem } from '../../src/features/gateway/openai/present-problem.ts'
import { chooseShape, describeQuality, parseSize } from '../../src/features/gateway/openai/shape.ts'
import { sumUsage, usageOf } from '../../src/features/gateway/openai/usage.ts'
import { usageMetadata } from '../support/gemini-answers.ts'
import { createRequest } from '../support/http-doubles.ts'

const models = createGeminiPrices(builtInPrices).listModels('gemini-nano-banana-2.1')
const [model] = models as [ModelInfo, ...ModelInfo[]]
const small = models.find(({ name }) => name.includes('lite')) as ModelInfo
const offer = { models, defaultModel: model.name }

const parse = (body: object) => imagesFieldsSchema.parse({ prompt: 'a fox', ...body })
const describeOne = (body: object, caller: Parameters<typeof offerTo>[1] = {}) =>
  describePictures(offer, offerTo(offer, caller), parse(body), undefined)[0]

describe('a size', () => {
  test.each([
    ['1024x1024', '1:1', '1K'],
    ['256x256', '1:1', '1K'],
    ['1536x1024', '3:2', '1K'],
    ['1024x1536', '2:3', '1K'],
    ['1792x1024', '16:9', '1K'],
    ['1024x1792', '9:16', '1K'],
    ['1920x1080', '16:9', '2K'],
    ['2048x2048', '1:1', '2K'],
    ['3840x2160', '16:9', '4K'],
    ['2160x3840', '9:16', '4K'],
  ])('of %s is %s at %s', (size, aspectRatio, imageSize) => {
    expect(describeOne({ size })).toMatchObject({ aspectRatio, imageSize })
  })

  test('of a model that makes no larger ones is the largest that it makes', () => {
    expect(chooseShape(small, { width: 4_000, height: 4_000 }, 'high').imageSize).toBe('1K')
    expect(chooseShape(small, 'auto', 'max').imageSize).toBe('1K')
  })

  test('in whatever pixels comes to what the model makes', () => {
    const side = fc.integer({ min: 1, max: 99_999 })
    fc.assert(
      fc.property(side, side, (width, height) => {
        const size = parseSize(`${width}x${height}`)
        const { aspectRatio, imageSize } = chooseShape(model, size, undefined)
        expect(model.aspectRatios).toContain(aspectRatio)
        expect(model.priceUsd[imageSize]).toBeGreaterThan(0)
      }),
    )
  })

  test('that is explicit is not overruled by a quality; else the quality decides', () => {
    expect(describeOne({ size: '1024x1024', quality: 'hd' })).toMatchObject({ imageSize: '1K' })
    expect(describeOne({ quality: 'hd' })).toMatchObject({ imageSize: '2K' })
    expect(describeOne({ size: 'auto', quality: 'max' })).toMatchObject({ imageSize: '4K' })
    for (const quality of ['standard', 'low', 'medium', 'auto', 'whatever', null, undefined]) {
      const described = describeOne({ quality })
      expect(described).toMatchObject({ imageSize: '1K' })
      expect(described).not.toHaveProperty('aspectRatio')
    }
    expect(['1K', '2K', '4K'].map((size) => describeQuality(size as '1K'))).toEqual([
      'medium',
      'high',
      'max',
    ])
  })

  test.each(['large', '1024', '0x10', '10x', 'x', '16:9', '1e3x10', '100000x1'])(
    '%s is refused by its name',
    (size) => {
      expect(imagesFieldsSchema.safeParse({ prompt: 'a', size }).error?.issues[0]?.path).toEqual([
        'size',
      ])
    },
  )
})

describe('the fields', () => {
  test('are taken as JSON and as the texts of a form alike', () => {
    const json = parse({ n: 3, stream: true, partial_images: 1, output_compression: 80 })
    const form = parse({ n: '3', stream: 'true', partial_images: '1', output_compression: '80' })
    expect(form).toEqual(json)
    expect(parse({ stream: 'false' }).stream).toBe(false)
    expect(parse({ output_format: 'jpg' }).output_format).toBe('jpeg')
    expect(parse({ n: null, model: '', size: '', stream: null })).toEqual({ prompt: 'a fox' })
  })

  test('that mean nothing here are ignored, whatever they are', () => {
    const others = { background: 'transparent', moderation: 'low', style: 'vivid', user: 7 }
    const strange = { complexity: [], frame_count: {}, svg: null, extra_body: { a: 1 } }
    expect(describeOne({ ...others, ...strange })).toEqual(describeOne({}))
  })

  test.each([
    ['n', { n: 0 }],
    ['n', { n: 11 }],
    ['n', { n: 'three' }],
    ['output_format', { output_format: 'gif' }],
    ['stream', { stream: 'perhaps' }],
    ['partial_images', { partial_images: 4 }],
    ['prompt', { prompt: ' ' }],
  ])('%s is refused where it can’t be meant', (name, body) => {
    const { error } = imagesFieldsSchema.safeParse({ prompt: 'a', ...body })
    expect(error?.issues.map(({ path }) => path[0])).toEqual([name])
  })

  test('come to requests that our own contract takes, n of them, told apart by their number', () => {
    const requests = describePictures(offer, offer, parse({ n: 3, size: '1536x1024' }), undefined)
    expect(requests.map(({ number }) => number)).toEqual([1, 2, 3])
    for (const { number: _number, ...request } of requests) {
      expect(generationRequestSchema.parse(request)).toMatchObject({ aspectRatio: '3:2' })
    }
  })
})

describe('a model’s name', () => {
  test('is the server’s where it has one of that name, and else its default', () => {
    expect(describeOne({ model: small.name })).toMatchObject({ model: small.name })
    expect(describeOne({ model: `models/${small.name}` })).toMatchObject({ model: small.name })
    for (const name of ['dall-e-2', 'dall-e-3', 'gpt-image-1', 'gpt-image-9', 'flux', '']) {
      expect(describeOne({ model: name })).not.toHaveProperty('model')
    }
    expect(describeOne({ model: small.name, size: '4000x4000' })).toMatchObject({ imageSize: '1K' })
  })

  test('is within what the caller may ask for, unless it names what it may not', () => {
    const bounded = { sizes: ['1K' as const], models: [small.name] }
    expect(describeOne({ size: '4000x4000', model: 'dall-e-3' }, bounded)).toMatchObject({
      ...{ imageSize: '1K', model: small.name },
    })
    expect(describeOne({ quality: 'hd' }, { sizes: ['1K', '4K'] })).toMatchObject({
      imageSize: '1K',
    })
    expect(describeOne({ size: '2048x2048' }, { sizes: ['1K', '4K'] })).toMatchObject({
      imageSize: '4K',
    })
    expect(describeOne({ model: model.name }, bounded)).toMatchObject({ model: model.name })
    expect(describeOne({}, { models: ['of another server'] })).not.toHaveProperty('model')
  })

  test('is found in the list, or is one of OpenAI’s image models', () => {
    expect(listModels(models).data.map(({ id }) => id)).toEqual(models.map(({ name }) => name))
    expect(describeModel(models, model.name)).toMatchObject({ id: model.name, object: 'model' })
    expect(describeModel(models, 'gpt-image-2')).toMatchObject({ id: 'gpt-image-2' })
    expect(describeModel(models, 'gpt-5')).toBeUndefined()
  })
})

describe('an edit', () => {
  const file = (name: string, text: string) => ({ name, bytes: Buffer.from(text) })
  const base64 = (text: string) => Buffer.from(text).toString('base64')

  test('has its pictures in order, however the form names them', () => {
    for (const names of [
      ['image', 'image'],
      ['image[]', 'image[]'],
      ['image[0]', 'image[1]'],
    ]) {
      const files = names.map((name, at) => file(name, `picture ${at}`))
      const { body, edit } = readForm({ fields: [{ name: 'prompt', value: 'a' }], files })
      expect(body).toEqual({ prompt: 'a' })
      expect(edit.images).toEqual([base64('picture 0'), base64('picture 1')])
    }
  })

  test('has its mask last, and words that say what it is', () => {
    const files = [file('mask', 'mask'), file('image', 'one'), file('image', 'two')]
    const { edit } = readForm({ fields: [], files })
    const [request] = describePictures(offer, offer, parse({}), edit)
    expect(request?.conditionImages).toEqual([base64('one'), base64('two'), base64('mask')])
    expect(request?.prompt).toMatch(/^a fox\n\nThe last picture is a mask of the first one\./)
  })

  test('may have its pictures as texts, in a form too', () => {
    const url = `data:image/png;base64,${base64('one')}`
    const fields = [
      { name: 'image', value: url },
      { name: 'mask', value: base64('mask') },
    ]
    const { edit } = readForm({ fields, files: [] })
    expect(edit).toEqual({ images: [url], overlay: { kind: 'mask', image: base64('mask') } })
  })

  test('comes as JSON too', () => {
    const url = `data:image/png;base64,${base64('one')}`
    expect(readJson({ image: url }).edit.images).toEqual([url])
    expect(readJson({ images: [{ image_url: url }, { image_url: 'i_2' }] }).edit.images).toEqual([
      url,
      'i_2',
    ])
  })

  test.each([
    [{}, '/image'],
    [{ image: 7 }, '/image'],
    [{ image: 'YQ==', mask: 'https://elsewhere.example/a.png' }, '/mask'],
    [{ images: [{ file_id: 'file-1' }] }, '/image'],
    [{ image: 'YQ==', mask: {} }, '/mask'],
    [{ image: 'YQ==', mask: 'YQ==', markup: 'YQ==' }, '/markup'],
  ])('%j is refused by name', (body, pointer) => {
    expect(() => readJson(body)).toThrow(expect.objectContaining({ pointer }))
  })
})

describe('usage', () => {
  test('is the provider’s, summed over the pictures', () => {
    const thought = { usageMetadata: { ...usageMetadata, thoughtsTokenCount: 80 } }
    expect(sumUsage([{ usageMetadata }, null, thought].map(usageOf))).toEqual({
      input_tokens: 24,
      output_tokens: 2_320,
      total_tokens: 2_344,
      input_tokens_details: { text_tokens: 24, image_tokens: 0 },
      output_tokens_details: { text_tokens: 80, image_tokens: 2_240 },
    })
  })

  test('is not said where it is not on record, or is nothing that counts', () => {
    expect(sumUsage([null, undefined, {}, 'x'].map(usageOf))).toBeUndefined()
    const odd = { usageMetadata: { promptTokenCount: 'many', candidatesTokensDetails: 7 } }
    expect(usageOf(odd)).toMatchObject({ total_tokens: 0 })
  })
})

describe('a problem', () => {
  const present = (
    problem: Partial<ProblemToPresent>,
    originalUrl = '/openai/v1/images/generations',
  ) =>
    presentProblem(
      {
        ...{ title: '', status: 500, detail: 'why', code: 'internal', retryable: false },
        ...{ requestId: 'r-1', retryAfterMs: undefined },
        ...problem,
      },
      Object.assign(createRequest({ method: 'POST' }), { originalUrl }),
    )

  test.each([
    ['refused_prompt', 422, false, 400, 'moderation_blocked', 'false'],
    ['refused_image', 422, false, 400, 'moderation_blocked', 'false'],
    ['unauthenticated', 401, false, 401, 'invalid_api_key', 'false'],
    ['rate_limited', 429, true, 429, 'rate_limit_exceeded', 'true'],
    ['budget_exceeded', 429, true, 429, 'insufficient_quota', 'false'],
    ['spending_paused', 503, true, 503, 'spending_paused', 'true'],
    ['unavailable', 503, true, 503, 'unavailable', 'true'],
    ['invalid_image', 422, false, 400, 'invalid_image_file', 'false'],
    ['ambiguous', 502, false, 502, 'ambiguous', 'false'],
  ] as const)('%s is told as OpenAI tells it', (code, status, retryable, told, word, again) => {
    const { status: sent = status, headers, body } = present({ code, status, retryable })
    expect({ sent, again: headers?.['x-should-retry'] }).toEqual({ sent: told, again })
    expect(body).toMatchObject({ error: { message: 'why', code: word, param: null } })
  })

  test('names the field as the app calls it, and the milliseconds to wait', () => {
    const errors = [{ pointer: '/conditionImages/2', detail: 'is wrong' }]
    const { body, headers } = present({
      ...{ code: 'invalid_image', errors, retryAfterMs: 1_500 },
      detail: 'conditionImages/2 is wrong',
    })
    expect(body).toMatchObject({ error: { param: 'image', message: 'image is wrong' } })
    expect(headers).toMatchObject({ 'retry-after-ms': '1500' })
  })

  test.each([
    ['/openai/v1/images/variations', /edits/],
    ['/openai/v1/responses', /images\/generations/],
  ])('at %s says what to use instead', (path, words) => {
    const { body } = present({ code: 'not_found', status: 404 }, path)
    expect(body).toMatchObject({ error: { message: expect.stringMatching(words) } })
  })
})
