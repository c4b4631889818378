import { createHash, randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createS3Store } from '../../src/adapters/storage/s3.ts'
import type { S3Config } from '../../src/adapters/storage/s3-connection.ts'
import { DEFAULT_S3_TIMEOUTS, type S3Timeouts } from '../../src/adapters/storage/s3-connection.ts'
import type { EncodedImage, ImageStore } from '../../src/generation/ports.ts'
import { createTestBucket, publishBucket } from '../support/s3-bucket.ts'
import { type Intercept, type S3Proxy, startS3Proxy } from '../support/s3-proxy.ts'
import { describeWith } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'

const IMPATIENT: S3Timeouts = { connectMs: 200, idleMs: 100, totalMs: 500 }
const UNAVAILABLE = { code: 'unavailable', retryable: true }

const randomImage = (size = 1_000): EncodedImage => ({
  mimeType: 'image/png',
  bytes: Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(size)]),
})

describeWith('s3', 's3 store', () => {
  let config: S3Config
  const cleanups: (() => unknown)[] = []
  beforeEach(async () => {
    config = await createTestBucket()
  })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  const openStore = (changes: Partial<S3Config> = {}, timeouts?: S3Timeouts): ImageStore => {
    const store = createS3Store({ ...config, ...changes }, timeouts)
    cleanups.push(store.close)
    return store
  }

  /** A store that reaches the real one through `intercept`. */
  const openThroughProxy = async (intercept: Intercept, timeouts = DEFAULT_S3_TIMEOUTS) => {
    const proxy = await startS3Proxy(config.endpoint, intercept)
    cleanups.push(proxy.close)
    return { proxy, store: openStore({ endpoint: proxy.url }, timeouts) }
  }

  test('a browser can fetch an object from its presigned URL for an hour', async () => {
    const store = openStore()
    const image = randomImage()
    await store.put('a/b', image)
    const found = await store.findUrl('a/b')
    expect(found).toEqual({
      url: expect.stringContaining('X-Amz-Expires=3600'),
      expiresInSeconds: 3600,
    })
    const answer = await fetch(found?.url ?? '')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), image.bytes)).toBe(0)
  })

  test('the bucket’s public domain is used where it has one', async () => {
    await publishBucket(config)
    const store = openStore({ publicBaseUrl: `${config.endpoint}/${config.bucket}` })
    await store.put('a/b', randomImage())
    const found = await store.findUrl('a/b')
    expect(found).toEqual({ url: `${config.endpoint}/${config.bucket}/a/b` })
    expect((await fetch(found?.url ?? '')).status).toBe(200)
  })

  test('a digest that is known is the one that is signed, and the store holds the bytes against it', async () => {
    const { proxy, store } = await openThroughProxy(() => false)
    const image = randomImage()
    const digest = createHash('sha256').update(image.bytes).digest('hex')
    await expect(store.put('a/b', { ...image, digest })).resolves.toBe('stored')
    expect(proxy.requests[0]?.headers['x-amz-content-sha256']).toBe(digest)
    const wrong = { ...randomImage(), digest }
    await expect(store.put('a/c', wrong)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(store.has('a/c')).resolves.toBe(false)
  })

  test('an upload carries no checksum trailer and waits for no 100', async () => {
    const { proxy, store } = await openThroughProxy(() => false)
    await store.put('a/b', randomImage(3_000_000))
    expect(proxy.requests).toHaveLength(1)
    const headers = Object.keys(proxy.requests[0]?.headers ?? {})
    expect(headers).toContain('if-none-match')
    expect(headers).not.toContain('expect')
    expect(headers.filter((name) => name.includes('checksum') || name.includes('trailer'))).toEqual(
      [],
    )
  })

  const conditionsOf = (proxy: S3Proxy) =>
    proxy.requests.map(({ method, headers }) =>
      `${method} ${headers['if-none-match'] ?? ''}`.trim(),
    )

  test.each([
    ['an error document', '<Error><Code>NotImplemented</Code></Error>'],
    ['no body', ''],
  ])('a store that answers 501 with %s to conditions is used without them', async (_name, body) => {
    const { proxy, store } = await openThroughProxy((incoming, outgoing) => {
      if (!incoming.headers['if-none-match']) return false
      incoming.resume()
      outgoing.writeHead(501).end(body)
      return true
    })
    await expect(store.put('a/b', randomImage())).resolves.toBe('stored')
    await expect(store.put('a/b', randomImage())).resolves.toBe('exists')
    await expect(store.put('a/c', randomImage())).resolves.toBe('stored')
    const expected = ['PUT *', 'HEAD', 'PUT', 'HEAD', 'HEAD', 'PUT']
    expect(conditionsOf(proxy)).toEqual(expected)
  })

  test('writers that learn of the 501 at the same time all store their objects', async () => {
    const { store } = await openThroughProxy((incoming, outgoing) => {
      if (!incoming.headers['if-none-match']) return false
      incoming.resume()
      outgoing.writeHead(501).end()
      return true
    })
    const keys = ['a', 'b', 'c', 'd', 'e']
    const outcomes = await Promise.all(keys.map((key) => store.put(key, randomImage())))
    expect(outcomes).toEqual(keys.map(() => 'stored'))
  })

  test('a conflict of conditions is `exists` where there is an object, else a failure', async () => {
    const { store } = await openThroughProxy((incoming, outgoing) => {
      if (incoming.method !== 'PUT') return false
      incoming.resume()
      outgoing.writeHead(409).end('<Error><Code>ConditionalRequestConflict</Code></Error>')
      return true
    })
    await expect(store.put('a/b', randomImage())).rejects.toMatchObject(UNAVAILABLE)
    await openStore().put('a/b', randomImage())
    await expect(store.put('a/b', randomImage())).resolves.toBe('exists')
  })

  test('an upload whose answer was lost is `exists` at the next try, with its object there', async () => {
    const { proxy, store } = await openThroughProxy((_incoming, outgoing) => {
      if (proxy.requests.length > 1) return false
      outgoing.writeHead = () => outgoing.destroy()
      return false
    })
    const image = randomImage()
    await expect(store.put('a/b', image)).resolves.toBe('exists')
    expect((await store.find('a/b'))?.bytes).toEqual(image.bytes)
  })

  test('a store that is overloaded for a moment is asked again', async () => {
    const { proxy, store } = await openThroughProxy((incoming, outgoing) => {
      if (proxy.requests.length > 1) return false
      incoming.resume()
      outgoing.writeHead(503).end('<html>not even XML</html>')
      return true
    })
    await expect(store.put('a/b', randomImage())).resolves.toBe('stored')
  })

  test('a request that hangs is asked again long before the time for the whole runs out', async () => {
    const timeouts = { connectMs: 1_000, idleMs: 100, totalMs: 60_000 }
    const { proxy, store } = await openThroughProxy(() => proxy.requests.length === 1, timeouts)
    await expect(store.put('a/b', randomImage())).resolves.toBe('stored')
  })

  test('an object cut short in transit is a failure, not a part of it', async () => {
    await openStore().put('a/b', randomImage(1_000))
    const { store } = await openThroughProxy((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': 1_008, 'content-type': 'image/png' })
      outgoing.write(randomImage(100).bytes, () => outgoing.socket?.end())
      return true
    })
    await expect(store.find('a/b')).rejects.toMatchObject(UNAVAILABLE)
  })

  describe('an object that is opened', () => {
    const openIt = async (store: ImageStore) => {
      const opened = await store.open?.('a/b')
      if (!opened) throw new Error('nothing was opened')
      return opened
    }

    test('waits for its reader, however long, and is fetched no further than that', async () => {
      const image = randomImage(8_000_000)
      await openStore().put('a/b', image)
      let sent = 0
      const { store } = await openThroughProxy((incoming, outgoing) => {
        const write = outgoing.write.bind(outgoing)
        outgoing.write = ((chunk: Buffer, ...rest: []) => {
          sent += chunk.length
          return write(chunk, ...rest)
        }) as typeof outgoing.write
        return incoming.method === 'never'
      }, IMPATIENT)
      const { stream, sizeBytes } = await openIt(store)
      expect(sizeBytes).toBe(image.bytes.length)
      // Longer than a silent store has, by the same clock.
      for (let times = 0; times < 4; times++) {
        await new Promise((resolve) => setTimeout(resolve, IMPATIENT.idleMs))
      }
      expect(sent).toBeLessThan(image.bytes.length)
      expect(Buffer.compare(await buffer(stream), Buffer.from(image.bytes))).toBe(0)
    })

    test.each<[string, Intercept]>([
      [
        'falls silent in the middle',
        (_incoming, outgoing) => {
          outgoing.writeHead(200, { 'content-length': 1_008, 'content-type': 'image/png' })
          return outgoing.write(randomImage(100).bytes) || true
        },
      ],
      [
        'is cut off',
        (_incoming, outgoing) => {
          outgoing.writeHead(200, { 'content-length': 1_008, 'content-type': 'image/png' })
          outgoing.write(randomImage(100).bytes, () => outgoing.socket?.end())
          return true
        },
      ],
    ])('fails its reader where the store %s', async (_how, intercept) => {
      const { store } = await openThroughProxy(intercept, IMPATIENT)
      const { stream } = await openIt(store)
      await expect(buffer(stream)).rejects.toThrow()
    })

    test('fails by the time limit where the store never answers', async () => {
      const { store } = await openThroughProxy(() => true, IMPATIENT)
      await expect(store.open?.('a/b')).rejects.toMatchObject(UNAVAILABLE)
    })

    test('is let go of with its reader', async () => {
      await openStore().put('a/b', randomImage(8_000_000))
      let isClosed = false
      const { store } = await openThroughProxy((_incoming, outgoing) => {
        outgoing.once('close', () => {
          isClosed = true
        })
        return false
      })
      const { stream } = await openIt(store)
      stream.destroy()
      await waitFor(() => isClosed, { what: 'the request to be ended' })
    })
  })

  test.each([
    ['never answers', () => true],
    [
      'stops in the middle of an object',
      (_incoming, outgoing) => {
        outgoing.writeHead(200, { 'content-length': 1_008, 'content-type': 'image/png' })
        return outgoing.write(randomImage(100).bytes) || true
      },
    ],
    [
      'trickles for ever',
      (_incoming, outgoing) => {
        outgoing.writeHead(200, { 'content-length': 1_000_000, 'content-type': 'image/png' })
        const timer = setInterval(() => outgoing.write('.'), 20)
        outgoing.once('close', () => clearInterval(timer))
        return true
      },
    ],
  ] satisfies [string, Intercept][])(
    'a store that %s fails by its time limit',
    async (_name, intercept) => {
      const { store } = await openThroughProxy(intercept, IMPATIENT)
      await expect(store.find('a/b')).rejects.toMatchObject({
        ...UNAVAILABLE,
        message: 'The image store failed (TimeoutError).',
      })
    },
  )

  test('a store that takes an upload and never answers fails by its time limit', async () => {
    const { store } = await openThroughProxy((incoming) => !!incoming.resume(), IMPATIENT)
    await expect(store.put('a/b', randomImage(3_000_000))).rejects.toMatchObject(UNAVAILABLE)
  })

  test('a bucket that is missing is a failure, not a missing object', async () => {
    const store = openStore({ bucket: 'no-such-bucket' })
    const failure = { ...UNAVAILABLE, message: 'The image store failed (NoSuchBucket).' }
    await expect(store.find('a/b')).rejects.toMatchObject(failure)
    await expect(store.put('a/b', randomImage())).rejects.toMatchObject(failure)
    await expect(store.has('a/b')).rejects.toMatchObject(UNAVAILABLE)
    await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE)
  })

  test('a wrong secret is a failure that says so without the secret', async () => {
    const store = openStore({ secretAccessKey: 'not-the-secret' })
    const failure = { ...UNAVAILABLE, message: 'The image store failed (SignatureDoesNotMatch).' }
    await expect(store.find('a/b')).rejects.toMatchObject(failure)
  })

  test('a server that is not there is a failure', async () => {
    const proxy = await startS3Proxy(config.endpoint, () => false)
    await proxy.close()
    await expect(openStore({ endpoint: proxy.url }).ping()).rejects.toMatchObject(UNAVAILABLE)
  })
})
