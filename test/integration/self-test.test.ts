import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { parseConfig } from '../../src/app/config.ts'
import { examine } from '../../src/app/self-test.ts'
import { formatFinding, type Part } from '../../src/lib/finding.ts'
import { startAilingPostgres } from '../support/ailing-postgres.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { query } from '../support/embedded.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { startHttpServer, type TestServer } from '../support/http-server.ts'
import { jest } from '../support/jest/globals.ts'
import { findOnPath } from '../support/programs.ts'
import { createTestBucket } from '../support/s3-bucket.ts'
import { startS3Proxy } from '../support/s3-proxy.ts'
import { describeWhen, describeWith } from '../support/skip.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { type RedisServer, startRedisServer } from '../support/test-redis.ts'

let folder: TemporaryFolder

beforeAll(async () => {
  folder = await makeTemporaryFolder('self-test')
})
afterAll(() => folder.remove())

/** What is found of a part, as `kind setting: …`. */
const look = async (
  part: Exclude<Part, 'access' | 'prices'>,
  env: Record<string, string>,
): Promise<string[]> => {
  const config = parseConfig({ DATA_DIR: folder.path, ...env })
  return (await examine(config, [part])).map((each) => `${each.kind} ${formatFinding(each)}`)
}

const starting = (text: string) => [expect.stringMatching(new RegExp(`^${text}`))]

describe('the database', () => {
  let database: TestDatabase
  let ailing: Awaited<ReturnType<typeof startAilingPostgres>>

  beforeAll(async () => {
    database = await createTestDatabase()
    ailing = await startAilingPostgres()
  })
  afterAll(async () => {
    await ailing.close()
    await database.drop()
  })

  test('is good', async () => {
    expect(await look('database', { DATABASE_URL: database.url })).toEqual(
      starting(
        'good DATABASE_URL: Postgres \\d+.*takes writes, notifications arrive, clocks agree',
      ),
    )
  })

  test.each([
    [
      'postgres://me@nowhere.invalid/x',
      'away DATABASE_URL: (There is no host|The name of its host)',
    ],
    ['postgres://me@127.0.0.1:1/x', 'away DATABASE_URL: Nothing listens'],
  ])('is away at %s', async (DATABASE_URL, found) => {
    expect(await look('database', { DATABASE_URL })).toEqual(starting(found))
  })

  test('is there by another name', async () => {
    const url = new URL(database.url)
    url.pathname = '/no_such_database'
    expect(await look('database', { DATABASE_URL: url.href })).toEqual([
      'wrong DATABASE_URL: There is no database of that name. Create it, or correct the name.',
    ])
  })

  test('asks for TLS that is not there', async () => {
    const url = new URL(database.url)
    url.searchParams.set('sslmode', 'require')
    expect(await look('database', { DATABASE_URL: url.href })).toEqual(
      starting('wrong DATABASE_URL: Postgres does not speak TLS there.'),
    )
  })

  test.each([
    ['28P01', 'wrong DATABASE_URL: Postgres refuses the user or the password.'],
    ['53300', 'away DATABASE_URL: Postgres has no connection left. Lower DATABASE_POOL_SIZE'],
    ['57P03', 'away DATABASE_URL: Postgres is starting or stopping.'],
    ['XX000', 'away DATABASE_URL: Postgres does not work \\(XX000\\).'],
  ])('says %s', async (state, found) => {
    ailing.ail(state, 'connection')
    expect(await look('database', { DATABASE_URL: ailing.url })).toEqual(starting(found))
  })

  test('is read only', async () => {
    const name = new URL(database.url).pathname.slice(1)
    const set = (value: string) =>
      query(
        { databaseUrl: database.url },
        `alter database ${name} set default_transaction_read_only = ${value}`,
      )
    await set('on')
    expect(await look('database', { DATABASE_URL: database.url })).toEqual(
      starting('away DATABASE_URL: It takes no writes'),
    )
    const off = `begin read write; alter database ${name} reset default_transaction_read_only; commit`
    await query({ databaseUrl: database.url }, off)
  })

  test('has another time than this machine', async () => {
    const { now } = Date
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000)
    const found = await look('database', { DATABASE_URL: database.url })
    jest.restoreAllMocks()
    expect(found).toEqual(
      starting("costly DATABASE_URL: This machine's clock is 3600 s ahead of that of Postgres"),
    )
  })
})

const redisProgram = findOnPath('redis-server')

describeWhen(redisProgram !== undefined, 'no redis-server on the PATH', 'Redis', () => {
  let redis: RedisServer
  let admin: Redis

  beforeAll(async () => {
    redis = await startRedisServer(redisProgram ?? '')
    admin = new Redis(redis.url)
    const users = [
      'able on >pass ~bull:* +@all -@dangerous +info',
      'silent on >pass ~bull:* +@all -@dangerous',
      'elsewhere on >pass ~other:* +@all -@dangerous +info',
      'reader on >pass ~* +@read +@connection +info',
    ]
    for (const user of users) await admin.call('ACL', 'SETUSER', ...user.split(' '))
  })
  afterAll(async () => {
    await admin.quit()
    await redis.stop()
  })

  test.each([
    ['able:pass', '', 'good REDIS_URL: Redis \\d'],
    ['silent:pass', '', 'wrong REDIS_URL: The user may not do what BullMQ does.'],
    ['elsewhere:pass', '', 'wrong REDIS_URL: The user may not do what BullMQ does.'],
    ['reader:pass', '', 'wrong REDIS_URL: The user may not do what BullMQ does.'],
    ['able:wrong', '', 'wrong REDIS_URL: Redis refuses the user or the password.'],
    ['able:pass', '/99', 'wrong REDIS_URL: There is no database of that number.'],
  ])('as %s%s', async (user, path, found) => {
    const REDIS_URL = `${redis.url.replace('//', `//${user}@`)}${path}`
    expect(await look('queue', { REDIS_URL })).toEqual(starting(found))
    expect(await admin.dbsize()).toBe(0)
  })

  test('that evicts, and one that is away', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    expect(await look('queue', { REDIS_URL: redis.url })).toEqual([
      'costly REDIS_URL: Redis may evict jobs (maxmemory-policy allkeys-lru). Set it to noeviction.',
    ])
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    expect(await look('queue', { REDIS_URL: 'redis://127.0.0.1:1' })).toEqual(
      starting('away REDIS_URL: Nothing listens'),
    )
  })
})

describeWith('s3', 'the bucket', () => {
  let env: Record<string, string>

  beforeAll(async () => {
    const { endpoint, bucket, accessKeyId, secretAccessKey } = await createTestBucket()
    env = {
      S3_ENDPOINT: endpoint,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    }
  })

  test.each([
    [{}, 'good S3_BUCKET: '],
    [{ S3_BUCKET: 'mistyped' }, 'wrong S3_BUCKET: There is no such bucket at S3_ENDPOINT.'],
    [{ S3_ACCESS_KEY_ID: 'mistyped' }, 'wrong S3_ACCESS_KEY_ID: The store does not know the key.'],
    [{ S3_SECRET_ACCESS_KEY: 'mistyped' }, 'wrong S3_SECRET_ACCESS_KEY: It is not the secret'],
    [{ S3_ENDPOINT: 'http://127.0.0.1:1' }, 'away S3_ENDPOINT: Nothing listens'],
  ])('with %j', async (changes, found) => {
    expect(await look('store', { ...env, ...changes })).toEqual(starting(found))
  })

  test.each([
    ['PUT', 's3:PutObject'],
    ['DELETE', 's3:DeleteObject'],
    // Of an object that is missing, which without the right to list is forbidden.
    ['HEAD', 's3:ListBucket'],
  ])('refuses what it is asked by %s', async (method, right) => {
    const denied =
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>'
    const proxy = await startS3Proxy(env.S3_ENDPOINT ?? '', (incoming, outgoing) => {
      if (incoming.method !== method) return false
      incoming.resume()
      outgoing.writeHead(403, { 'content-type': 'application/xml' })
      outgoing.end(method === 'HEAD' ? undefined : denied)
      return true
    })
    const found = await look('store', { ...env, S3_ENDPOINT: proxy.url })
    await proxy.close()
    expect(found).toEqual(
      starting(`wrong S3_ACCESS_KEY_ID: The store refuses the key \\(${right}\\)`),
    )
  })
})

describe('the data directory', () => {
  test('may be no file', async () => {
    const DATA_DIR = join(folder.path, 'a-file')
    await writeFile(DATA_DIR, '')
    const found = starting('wrong DATA_DIR: (It is a file|A part of its path is a file)')
    expect(await look('folder', { DATA_DIR })).toEqual(found)
    expect(await look('store', { DATA_DIR: join(DATA_DIR, 'below') })).toEqual(found)
  })
})

describe('the model', () => {
  let gemini: GeminiServer
  let gateway: TestServer

  beforeAll(async () => {
    gemini = await startGeminiServer()
    gateway = await startHttpServer((_, outgoing) => {
      outgoing.writeHead(404).end('Not here')
    })
  })
  afterAll(async () => {
    await gemini.close()
    await gateway.close()
  })

  test.each<[string, () => Record<string, string>, string]>([
    ['is there', () => ({}), 'good GEMINI_MODEL: '],
    ['refuses its key', () => ({ GEMINI_API_KEY: 'mistyped' }), 'wrong GEMINI_API_KEY: '],
    ['is gone', () => ({ GEMINI_MODEL: 'mistyped' }), 'wrong GEMINI_MODEL: There is no such model'],
    ['is away', () => ({ GEMINI_BASE_URL: 'http://127.0.0.1:7' }), 'away GEMINI_BASE_URL: '],
    [
      'is behind a gateway that tells nothing of it',
      () => ({ GEMINI_BASE_URL: gateway.url }),
      'costly GEMINI_BASE_URL: It does not tell',
    ],
  ])('%s', async (_, changes, found) => {
    const env = { GEMINI_API_KEY: gemini.apiKey, GEMINI_BASE_URL: gemini.url, ...changes() }
    expect(await look('model', env)).toEqual(starting(found))
    expect(gemini.countCalls()).toBe(0)
  })
})

test.each([
  ['http://images.example', 'good PUBLIC_URL'],
  ['http://0.0.0.0:3000', 'wrong PUBLIC_URL: It is the address of no host.'],
  ['https://images.example/api', 'wrong PUBLIC_URL: It ends in a path'],
])('PUBLIC_URL as %s', async (PUBLIC_URL, found) => {
  const env = { PUBLIC_URL, TRUSTED_PROXIES: '1' }
  expect(await look('address', env)).toEqual(starting(found))
})

test('a proxy that speaks TLS and is not named', async () => {
  const [, found] = await look('address', { PUBLIC_URL: 'https://images.example' })
  expect([found]).toEqual(starting('costly TRUSTED_PROXIES: A proxy speaks TLS in front'))
})
