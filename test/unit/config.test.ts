import { describe, expect, test } from '@jest/globals'
import { parseClientConfig, parseConfig } from '../../src/app/config.ts'
import { examineAccess } from '../../src/app/examine-access.ts'
import { ConfigError } from '../../src/lib/errors.ts'

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    parseConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const [FIRST, SECOND] = ['9f86d081884c7d659a2feaa0c55ad015', '8d969eef6ecad3c29a3a629280e686cf']

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://localhost/imageonce',
  S3_ENDPOINT: 'https://account.r2.cloudflarestorage.com',
  S3_BUCKET: 'images',
  S3_ACCESS_KEY_ID: 'id',
  S3_SECRET_ACCESS_KEY: 'secret',
  GEMINI_API_KEY: 'key',
  AUTH_JWT_SECRET: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
  PUBLIC_URL: 'https://images.example',
}

describe('the settings', () => {
  test('have a default for everything in development', () => {
    expect(parseConfig({})).toMatchObject({
      isProduction: false,
      http: { port: 3000, host: '127.0.0.1' },
      worker: { concurrency: 8, generationTimeoutMs: 120_000 },
    })
  })

  test('take the secrets of hooks, several of one source too', () => {
    const first = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const second = 'whsec_plJ3nmyCDGBKInavdOK15jsl6Ov1pqAx'
    const HOOK_SECRETS = `cms:${first}, cms:${second},shop:${first}`
    expect(parseConfig({ HOOK_SECRETS }).hooks).toEqual({
      secrets: [
        { source: 'cms', secret: first },
        { source: 'cms', secret: second },
        { source: 'shop', secret: first },
      ],
      namespaces: new Map(),
      debounceMs: 2_000,
      maxDelayMs: 10_000,
    })
  })

  test.each(['short', 'a token with spaces', 'x'.repeat(15)])(
    'name a METRICS_TOKEN that no header can carry or that is soon guessed: %s',
    (METRICS_TOKEN) => {
      expect(problemsOf({ METRICS_TOKEN })).toEqual([
        'METRICS_TOKEN must have at least 16 characters, as a bearer token has them',
      ])
    },
  )

  test.each(['whsec_aaaa', 'cms:whsec_short', 'cms:secret', 'cms', ','])(
    'name secrets of hooks that are none: %s',
    (HOOK_SECRETS) => {
      const problems = problemsOf({ HOOK_SECRETS })
      expect(problems).not.toEqual([])
      for (const problem of problems) expect(problem).toMatch(/^HOOK_SECRETS must be source:whsec_/)
    },
  )

  test('take the waits between attempts at a webhook, and no private addresses in production', () => {
    expect(parseConfig({ WEBHOOK_RETRY_MS: '0,1000' }).webhooks.retryWaitsMs).toEqual([0, 1_000])
    expect(problemsOf({ WEBHOOK_RETRY_MS: '5s' })).toEqual([
      'WEBHOOK_RETRY_MS must be 1 to 20 whole numbers with commas between them',
    ])
    expect(problemsOf({ ...production, WEBHOOK_ALLOW_PRIVATE: 'true' })).toEqual([
      'WEBHOOK_ALLOW_PRIVATE is for development: webhooks would reach what only this machine may',
    ])
  })

  test('that are wrong are all named at once, without their values', () => {
    const problems = problemsOf({
      PORT: '99999',
      DATABASE_URL: 'mysql://localhost',
      WORKER_CONCURRENCY: 'many',
      AUTH_JWT_SECRET: 'short-secret',
      LOG_LEVEL: 'loud',
      GEMINI_API_KEY: 'k‘ey',
      CORS_ORIGINS: 'https://app.example/path',
    })
    const names = problems.map((problem) => problem.split(' ')[0]).sort()
    expect(names).toEqual([
      'AUTH_JWT_SECRET',
      'CORS_ORIGINS',
      'DATABASE_URL',
      'GEMINI_API_KEY',
      'LOG_LEVEL',
      'PORT',
      'WORKER_CONCURRENCY',
    ])
    expect(problems.join()).not.toContain('short-secret')
  })

  test('that go together are missed together', () => {
    expect(problemsOf({ S3_BUCKET: 'images' }).map((problem) => problem.split(' ')[0])).toEqual([
      'S3_ENDPOINT',
      'S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY',
    ])
    expect(
      problemsOf({ AUTH_JWKS_URL: 'https://id.example/jwks' }).map((text) => text.split(' ')[0]),
    ).toEqual(['AUTH_ISSUER', 'AUTH_AUDIENCE', 'IMAGE_URL_SECRET'])
  })

  test('name the origins whose pages may call', () => {
    const originsOf = (text: string) => parseConfig({ CORS_ORIGINS: text }).http.corsOrigins
    expect(originsOf('')).toEqual([])
    expect(originsOf('*')).toEqual(['*'])
    expect(originsOf('https://app.example/, http://localhost:5173')).toEqual([
      'https://app.example',
      'http://localhost:5173',
    ])
  })

  test.each([
    ['AUTH_JWT_SECRET', 'change-me-change-me-change-me-change'],
    ['AUTH_JWT_SECRET', 'a'.repeat(32)],
    ['AUTH_JWT_SECRET', 'abcabcabcabcabcabcabcabcabcabcabcabc'],
    ['AUTH_JWT_SECRET', `9f86d081884c7d659a2feaa0c55ad015,${'x'.repeat(32)}`],
    ['IMAGE_URL_SECRET', 'your-secret-goes-here-and-is-long-enough'],
    ['OPERATOR_KEYS', `olga:${'k'.repeat(40)}`],
    ['HOOK_SECRETS', `cms:whsec_${'A'.repeat(32)}`],
  ])('name a %s that is easily guessed: %s', (name, value) => {
    expect(problemsOf({ [name]: value }).join()).toMatch(
      new RegExp(`^${name} is easily guessed: make one with .openssl rand`),
    )
  })

  test('take secrets as lists while they are exchanged', () => {
    const { auth } = parseConfig({ AUTH_JWT_SECRET: `${FIRST}, ${SECOND}` })
    expect(auth.jwtSecrets).toEqual([FIRST, SECOND])
    expect(problemsOf({ AUTH_JWT_SECRET: `${FIRST},short` })).toEqual([
      'AUTH_JWT_SECRET must have at least 32 characters; a comma stands between two of them',
    ])
  })

  test('let owners ask for little in production, and for everything elsewhere', () => {
    const all = { models: undefined, sizes: undefined, lanes: undefined }
    expect(parseConfig({}).ownerPolicy).toEqual(all)
    expect(parseConfig(production).ownerPolicy).toEqual({
      ...all,
      models: ['gemini-nano-banana-2.1'],
      sizes: ['1K'],
    })
    const set = { OWNER_MODELS: 'a, b', OWNER_SIZES: '*', OWNER_LANES: 'eager' }
    expect(parseConfig({ ...production, ...set }).ownerPolicy).toEqual({
      models: ['a', 'b'],
      sizes: undefined,
      lanes: ['eager'],
    })
    expect(problemsOf({ OWNER_SIZES: '8K' })).toEqual([
      'OWNER_SIZES must be among 1K, 2K, 4K, with commas between them, or "*"',
    ])
  })

  test('name namespaces that are none, or of nobody', () => {
    const HOOK_SECRETS = 'cms:whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const namespacesOf = (HOOK_NAMESPACES: string) =>
      parseConfig({ HOOK_SECRETS, HOOK_NAMESPACES }).hooks.namespaces
    expect(namespacesOf('cms:shop')).toEqual(new Map([['cms', 'shop']]))
    expect(problemsOf({ HOOK_SECRETS, HOOK_NAMESPACES: 'blog:shop' })).toEqual([
      'HOOK_NAMESPACES names the source blog, which HOOK_SECRETS has not',
    ])
    for (const wrong of ['cms', 'cms:', 'cms:Shop', 'cms:a::b']) {
      expect(problemsOf({ HOOK_SECRETS, HOOK_NAMESPACES: wrong })).not.toEqual([])
    }
    expect(problemsOf({ AUTH_NAMESPACE: 'shop::' })).not.toEqual([])
  })

  test.each(['AUTH_JWKS_URL', 'GEMINI_BASE_URL'])(
    'refuse %s by plain http in production, but on this machine',
    (name) => {
      const ofIssuer = {
        ...production,
        ...{ AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'https://id.example/jwks', AUTH_ISSUER: 'us' },
        ...{ AUTH_AUDIENCE: 'images', IMAGE_URL_SECRET: '8d969eef6ecad3c29a3a629280e686cf' },
      }
      expect(problemsOf({ ...ofIssuer, [name]: 'http://gateway.internal/x' }).join()).toMatch(
        new RegExp(`^${name} must be https`),
      )
      expect(problemsOf({ ...ofIssuer, [name]: 'http://127.0.0.1:8080/x' })).toEqual([])
      expect(problemsOf({ ...ofIssuer, [name]: 'http://localhost.evil.example/x' })).not.toEqual([])
    },
  )

  test.each([
    ['AUTH_AUDIENCE', { AUTH_AUDIENCE: '' }],
    ['AUTH_MAX_TOKEN_AGE', { AUTH_MAX_TOKEN_AGE: '2592000' }],
    ['AUTH_JWT_SECRET', { AUTH_JWT_SECRET: `${FIRST},${SECOND}` }],
    ['IMAGE_URL_SECRET', { IMAGE_URL_SECRET: '' }],
    ['IMAGE_URL_SECRET', { IMAGE_URL_SECRET: `${FIRST},${SECOND}` }],
    ['OWNER_MODELS', { OWNER_MODELS: '*' }],
    ['OWNER_SIZES', { OWNER_SIZES: '*' }],
    ['HOOK_NAMESPACES', { HOOK_NAMESPACES: 'cms:shop' }],
    ['HOOK_NAMESPACES', { HOOK_SECRETS: 'cms:whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, 'shop'],
  ])(
    'are advised on by the doctor where %s could be better: %j',
    (name, change, namespace = '') => {
      const sensible = {
        ...{ ...production, IMAGE_URL_SECRET: SECOND, AUTH_ISSUER: 'us', AUTH_AUDIENCE: 'images' },
        HOOK_SECRETS:
          'cms:whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,blog:whsec_plJ3nmyCDGBKInavdOK15jsl6Ov1pqAx',
        HOOK_NAMESPACES: 'cms:shop,blog:blog',
      }
      const examine = (environment: Record<string, string>) =>
        examineAccess(parseConfig(environment)).map(({ kind, setting }) => `${kind} ${setting}`)
      expect(examine(sensible)).toEqual(['good AUTH_*, OWNER_*, HOOK_*'])
      const isOnlySource = namespace !== ''
      const changed = isOnlySource ? { HOOK_NAMESPACES: '', AUTH_NAMESPACE: namespace } : {}
      expect(examine({ ...sensible, ...changed, ...change })).toEqual([`costly ${name}`])
      expect(examine({ ...sensible, ...changed, ...change, NODE_ENV: 'development' })).toEqual([])
    },
  )

  test('left empty count as absent', () => {
    expect(parseConfig({ REDIS_URL: '', PORT: '' }).http.port).toBe(3000)
  })

  test('are complete for production', () => {
    expect(problemsOf(production)).toEqual([])
  })

  test.each(['DATABASE_URL', 'S3_BUCKET', 'GEMINI_API_KEY', 'AUTH_JWT_SECRET', 'PUBLIC_URL'])(
    'without %s are not enough for production',
    (name) => {
      expect(problemsOf({ ...production, [name]: '' }).join('\n')).toContain(name)
    },
  )

  test('of the command line name the server', () => {
    expect(parseClientConfig({}).url).toBe('http://127.0.0.1:3000')
    expect(parseClientConfig({ IMAGEONCE_URL: 'https://images.example/' }).url).toBe(
      'https://images.example',
    )
    expect(() => parseClientConfig({ IMAGEONCE_URL: 'images' })).toThrow(ConfigError)
  })
})
