import { describe, expect, test } from '@jest/globals'
import { toKeyPrincipal } from '../../src/adapters/http/key-principal.ts'
import { assertPermitted, findScopes } from '../../src/adapters/http/permissions.ts'
import { keyInputSchema } from '../../src/contract/key.ts'
import { type KeyScope, keyScopeSchema } from '../../src/contract/vocabulary.ts'
import { createKeySecret, digestOf, isKeySecret, keyIdOf } from '../../src/features/keys/secret.ts'
import { createMemory } from '../../src/lib/remember.ts'
import { createOpenApiDocument } from '../../src/openapi/document.ts'
import { createRequest } from '../support/http-doubles.ts'

const forbidden = expect.objectContaining({ code: 'forbidden' })

describe('the text of a key', () => {
  test('is told from every other by its own check', () => {
    const secret = createKeySecret()
    expect(secret).toMatch(/^io_[0-9A-Za-z]{38}$/)
    expect(isKeySecret(secret)).toBe(true)
    expect(createKeySecret()).not.toBe(secret)
    for (let n = 3; n < secret.length; n++) {
      const other = secret[n] === 'x' ? 'y' : 'x'
      expect(isKeySecret(`${secret.slice(0, n)}${other}${secret.slice(n + 1)}`)).toBe(false)
    }
    for (const wrong of ['', 'io_', secret.slice(1), `${secret}0`, secret.toUpperCase()]) {
      expect(isKeySecret(wrong)).toBe(false)
    }
  })

  test('has a check that others can compute: the CRC-32 of what is before it, in base 62', () => {
    // By Python's binascii.crc32.
    expect(isKeySecret(`io_${'0'.repeat(32)}4XNbqv`)).toBe(true)
    expect(isKeySecret(`io_${'0'.repeat(32)}4XNbqw`)).toBe(false)
    const id = keyIdOf(digestOf('io_'))
    expect(id).toMatch(/^k_[0-9a-f]{40}$/)
  })
})

/** What a key needs for each operation of the document; for those not named, to be an operator's. */
const needed: Record<string, KeyScope[]> = {
  ...ofAll(
    ['read'],
    ...['listGenerations', 'getGeneration', 'followGeneration', 'getHistory', 'getSurplus'],
    ...['listImages', 'showImage', 'describeSimilarity', 'listSimilarityChecks'],
    ...['summarize', 'listDays', 'limitImageUrl'],
  ),
  ...ofAll(
    ['generate'],
    ...[
      'submitGeneration',
      'explainRequest',
      'makeImage',
      'cancelGeneration',
      'retryGeneration',
      'regenerate',
    ],
    ...['changeGenerations', 'judgeSimilarImage', 'chooseSimilarityMode'],
    ...['callGemini', 'generateByOpenai', 'editByOpenai', 'submitFal', 'runFal', 'cancelFal'],
  ),
  ...ofAll(['read', 'generate'], 'reportEvents', 'readSpending'),
  ...ofAll(['read', 'generate'], 'listOpenaiModels', 'getOpenaiModel'),
  ...ofAll(['read', 'generate'], 'listGeminiModels', 'getGeminiModel'),
  ...ofAll(['read', 'generate'], 'getFalResult', 'getFalStatus', 'followFal'),
  ...ofAll(['upload'], 'uploadImage'),
  ...ofAll(['delete'], 'deleteImage'),
  ...ofAll(['read', 'items'], 'listItems', 'getItem'),
  ...ofAll(['items'], 'saveItem', 'changeItem', 'removeItem'),
  ...ofAll(
    ['webhooks'],
    ...['registerWebhook', 'listWebhooks', 'getWebhook', 'changeWebhook', 'removeWebhook'],
    ...['rotateWebhookSecret', 'testWebhook', 'listWebhookDeliveries', 'getWebhookDelivery'],
    'redeliverWebhook',
  ),
  ...ofAll(keyScopeSchema.options as KeyScope[], 'getInfo', 'getSession', 'signIn', 'signOut'),
}

function ofAll(scopes: KeyScope[], ...ids: string[]) {
  return Object.fromEntries(ids.map((id) => [id, scopes]))
}

/** Answered to anyone, or to who signs the body. */
const asksNobody = ['isAlive', 'isReady', 'saveByHook', 'getFalKeys']
const ofSources = ['registerSourceWebhook', 'listSourceWebhooks', 'removeSourceWebhook']

type Operation = { operationId?: string }
const operations = Object.entries(createOpenApiDocument('1', undefined).paths ?? {}).flatMap(
  ([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, { operationId = '' }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, 'one'),
    })),
)

describe('a key of one scope', () => {
  const asked = operations.filter(({ id }) => ![...asksNobody, ...ofSources].includes(id))
  const key = {
    ...{ id: 'k_1', name: 'one', ownerId: 'alice', namespace: undefined, models: undefined },
    ...{ sizes: undefined, lanes: undefined, origins: undefined, rates: undefined },
    expiresAt: undefined,
    variants: 'one' as const,
    eagerTier: null,
  }
  const may = (scope: KeyScope, method: string, path: string): boolean => {
    const principal = toKeyPrincipal({ ...key, scopes: [scope] }, {})
    const req = Object.assign(createRequest({ method }), { originalUrl: path })
    try {
      assertPermitted(principal, req)
      return true
    } catch (error) {
      expect(error).toEqual(forbidden)
      return false
    }
  }

  test.each(keyScopeSchema.options)('may do what "%s" says, and nothing else', (scope) => {
    const done = asked.filter(({ method, path }) => may(scope, method, path)).map(({ id }) => id)
    const expected = asked
      .filter(({ id }) => scope === 'admin' || needed[id]?.includes(scope))
      .map(({ id }) => id)
    expect(done).toEqual(expected)
    expect(expected.length).toBeGreaterThan(0)
  })

  test('may not do by another spelling what it may not do', () => {
    for (const path of ['/api/keys', '/API/keys', '/api/keys/', '/api/generations/../keys']) {
      expect(may('read', 'GET', path)).toBe(false)
    }
    expect(may('read', 'POST', '/API/Visualize/Generate/')).toBe(false)
    expect(may('generate', 'POST', '/API/Visualize/Generate/')).toBe(true)
    expect(may('read', 'HEAD', '/api/generations')).toBe(true)
    expect(findScopes('GET', '/api/something-new')).toBeUndefined()
    expect(findScopes('TRACE', '/api/generations')).toBeUndefined()
  })
})

describe('what no key can be', () => {
  const problemOf = (input: object) =>
    keyInputSchema.safeParse({ name: 'one', ...input }).error?.issues[0]?.path.join('.')

  test.each([
    [{}, 'ownerId'],
    [{ ownerId: 'alice', onBehalf: true }, 'ownerId'],
    [{ onBehalf: true, scopes: ['admin'] }, 'onBehalf'],
    [{ ownerId: 'olga', namespace: 'shop', scopes: ['admin'] }, 'namespace'],
    [{ ownerId: 'alice', namespace: 'Shop' }, 'namespace'],
    [{ ownerId: 'alice', namespace: 'a::b' }, 'namespace'],
    [{ ownerId: 'alice', scopes: [] }, 'scopes'],
    [{ ownerId: 'alice', scopes: ['all'] }, 'scopes.0'],
    [{ ownerId: 'alice', origins: ['https://app.example/'] }, 'origins.0'],
    [{ ownerId: 'alice', dailyUsd: 0 }, 'dailyUsd'],
    [{ ownerId: 'alice', perMinute: 1.5 }, 'perMinute'],
    [{ ownerId: 'alice', expiresAt: 'soon' }, 'expiresAt'],
  ])('%j is refused for its %s', (input, path) => {
    expect(problemOf(input)).toBe(path)
  })
})

describe('what is remembered', () => {
  const away = new Error('away')
  const create = () => {
    let nowMs = 0
    let value: string | undefined = 'first'
    let failure: Error | undefined
    const read: string[] = []
    const watched = new Map<string, () => void>()
    const memory = createMemory<string>({
      read: async (id) => {
        read.push(id)
        if (failure) throw failure
        return value
      },
      watch: (id, onChange) => {
        watched.set(id, onChange)
        return () => {
          if (watched.get(id) === onChange) watched.delete(id)
        }
      },
      freshMs: 10,
      staleMs: 100,
      isAway: (error) => error === away,
      maxSize: 3,
      now: () => nowMs,
    })
    return {
      memory,
      read,
      watched,
      pass: (ms: number) => {
        nowMs += ms
      },
      set: (next: string | undefined) => {
        value = next
      },
      fail: (next: Error | undefined) => {
        failure = next
      },
    }
  }

  test('is read once for all who ask, and again when its time is over', async () => {
    const { memory, read, pass } = create()
    await Promise.all([memory.find('a'), memory.find('a'), memory.find('a')])
    pass(9)
    expect(await memory.find('a')).toBe('first')
    expect(read).toEqual(['a'])
    pass(1)
    await memory.find('a')
    expect(read).toEqual(['a', 'a'])
  })

  test('is forgotten at the word of a change, also while it is read', async () => {
    const { memory, set, watched } = create()
    const reading = memory.find('a')
    watched.get('a')?.()
    set('second')
    await reading
    expect(await memory.find('a')).toBe('second')
    set('third')
    watched.get('a')?.()
    expect(await memory.find('a')).toBe('third')
  })

  test('is not what is not there, nor what could not be read', async () => {
    const { memory, set, fail, watched } = create()
    set(undefined)
    expect(await memory.find('a')).toBeUndefined()
    set('first')
    expect(await memory.find('a')).toBe('first')
    fail(new Error('broken'))
    await expect(memory.find('b')).rejects.toThrow('broken')
    fail(undefined)
    expect(await memory.find('b')).toBe('first')
    memory.forgetAll()
    expect(watched.size).toBe(0)
  })

  test('counts on for a while where it can’t be read, and no longer', async () => {
    const { memory, fail, pass, set } = create()
    await memory.find('a')
    fail(away)
    for (let n = 0; n < 9; n++) {
      pass(11)
      expect(await memory.find('a')).toBe('first')
    }
    pass(11)
    await expect(memory.find('a')).rejects.toBe(away)
    fail(undefined)
    set('second')
    expect(await memory.find('a')).toBe('second')
  })

  test('is bounded', async () => {
    const { memory, read, watched } = create()
    for (const id of ['a', 'b', 'c', 'd']) await memory.find(id)
    expect([...watched.keys()]).toEqual(['b', 'c', 'd'])
    await memory.find('d')
    expect(read).toEqual(['a', 'b', 'c', 'd'])
  })
})
