import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import {
  defaultRateLimits,
  RATE_CLASS_NAMES,
  type RateClass,
} from '../adapters/http/rates/rate-classes.ts'
import { namespaceSchema } from '../contract/namespace.ts'
import { similarityModeSchema } from '../contract/vocabulary.ts'
import { ConfigError } from '../lib/errors.ts'
import {
  hookNamespacesSchema,
  isOpenToReaders,
  lanesSchema,
  namesSchema,
  sizesSchema,
  toOwnerPolicy,
} from './access-settings.ts'
import { hookSecretsSchema, operatorKeysSchema, secretsSchema } from './secret-settings.ts'
import { settingDescriptions } from './setting-descriptions.ts'
import { describeSettings } from './settings.ts'

const textSchema = z.string().trim().min(1, 'must not be empty')
const urlSchema = (protocols: RegExp) =>
  z.url({
    protocol: protocols,
    error: `must be a URL (${protocols.source.replace(/[\^$?()]/g, '')})`,
  })
const integerSchema = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`)

/** Keys bind for a day: what is younger may be asked for by its key. */
const daysSchema = integerSchema(2, 36_500)

const httpUrlSchema = urlSchema(/^https?$/)

const metricsTokenSchema = z
  .string()
  .regex(/^[\w.~+/-]{16,}=*$/, 'must have at least 16 characters, as a bearer token has them')

/** Standard Webhooks, "Retry schedule": the waits between ten attempts, the first of which is made at once. */
const STANDARD_RETRY_MS = '5000,300000,1800000,7200000,18000000,36000000,50400000,72000000,86400000'
const waitsSchema = z
  .string()
  .regex(/^\d{1,9}(,\d{1,9}){0,19}$/, 'must be 1 to 20 whole numbers with commas between them')
  .transform((text) => text.split(',').map(Number))

const usdSchema = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be an amount of US dollars, as in 20 or 0.5')
  .transform(Number)

const shareSchema = z
  .string()
  .regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, 'must be a number from 0 to 1, as in 0.8')
  .transform(Number)

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text
const originsSchema = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim().replace(/\/$/, '')))
  .refine(
    (origins) => origins.every((origin) => origin === '*' || isOrigin(origin)),
    'must be "*", or origins as in https://app.example, with commas between them',
  )

/** `off`, or `class=times a minute` with commas between them; classes that are not named keep their defaults. */
const rateLimitsSchema = z.string().transform((text, context) => {
  if (text.trim() === 'off') return 'off' as const
  const limits = defaultRateLimits()
  for (const pair of text.split(',')) {
    const [, name, perMinute] = /^\s*([\w-]+)\s*=\s*(\d{1,9})\s*$/.exec(pair) ?? []
    if (!RATE_CLASS_NAMES.some((each) => each === name) || Number(perMinute) < 1) {
      const names = RATE_CLASS_NAMES.join(', ')
      const message = `must be off, or class=number with commas between them, as in ask=600; the classes are ${names}`
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    limits[name as RateClass] = Number(perMinute)
  }
  return limits
})

const PROXY_NETWORKS = ['loopback', 'linklocal', 'uniquelocal']
const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  const isRange =
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32))
  return version > 0 && isRange && rest.length === 0
}
/** How many proxies stand in front, or where they are. */
const proxiesSchema = z.string().transform((text, context) => {
  if (/^\s*\d{1,2}\s*$/.test(text)) return Number(text)
  const networks = text.split(',').map((network) => network.trim())
  if (networks.every((each) => PROXY_NETWORKS.includes(each) || isNetwork(each))) return networks
  const message = `must be how many proxies stand in front, or their addresses with commas between them, as in 10.0.0.0/8 or ${PROXY_NETWORKS.join(', ')}`
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

const environmentSchema = z
  .object({
    NODE_ENV: z.string().default('development'),
    PORT: integerSchema(0, 65_535).default(3000),
    HOST: textSchema.default('127.0.0.1'),
    PUBLIC_URL: httpUrlSchema.optional(),
    MAX_WAIT_SECONDS: integerSchema(1, 600).default(50),
    CORS_ORIGINS: originsSchema.default([]),
    TRUSTED_PROXIES: proxiesSchema.optional(),
    RATE_LIMITS: rateLimitsSchema.optional(),
    RATE_ADDRESS_FACTOR: integerSchema(1, 100_000).default(10),
    OWNER_MAX_OPEN: integerSchema(1, 100_000).default(200),
    MAX_OPEN: integerSchema(1, 100_000).default(4_000),
    OWNER_MAX_UPLOADED_MB: integerSchema(1, 100_000_000).default(10_240),
    OWNER_MAX_SAVED_ITEMS: integerSchema(1, 100_000_000).default(100_000),
    OWNER_MAX_IDEMPOTENCY_KEYS: integerSchema(1, 100_000_000).default(100_000),
    MAX_BODY_MEMORY_MB: integerSchema(16, 100_000).default(64),
    DATA_DIR: textSchema.default('.imageonce'),
    DATABASE_URL: urlSchema(/^postgres(ql)?$/).optional(),
    DATABASE_DIRECT_URL: urlSchema(/^postgres(ql)?$/).optional(),
    DATABASE_POOL_SIZE: integerSchema(1, 100).default(10),
    REDIS_URL: urlSchema(/^rediss?$/).optional(),
    QUEUE_NAME: textSchema
      .regex(/^[\w.-]+$/, 'must be letters, digits, ".", "_" or "-"')
      .default('imageonce'),
    S3_ENDPOINT: httpUrlSchema.optional(),
    S3_BUCKET: textSchema.optional(),
    S3_REGION: textSchema.default('auto'),
    S3_ACCESS_KEY_ID: textSchema.optional(),
    S3_SECRET_ACCESS_KEY: textSchema.optional(),
    PUBLIC_IMAGE_BASE_URL: httpUrlSchema.optional(),
    GEMINI_API_KEY: textSchema
      .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters only')
      .optional(),
    GEMINI_MODEL: textSchema.default('gemini-nano-banana-2.1'),
    GEMINI_BASE_URL: httpUrlSchema.default('https://generativelanguage.googleapis.com'),
    AUTH_JWT_SECRET: secretsSchema.optional(),
    AUTH_JWKS_URL: httpUrlSchema.optional(),
    AUTH_ISSUER: textSchema.optional(),
    AUTH_AUDIENCE: textSchema.optional(),
    AUTH_MAX_TOKEN_AGE: integerSchema(60, 31_536_000).default(86_400),
    AUTH_NAMESPACE: namespaceSchema.optional(),
    OWNER_MODELS: namesSchema.optional(),
    OWNER_SIZES: sizesSchema.optional(),
    OWNER_LANES: lanesSchema.optional(),
    OPERATOR_KEYS: operatorKeysSchema.optional(),
    IMAGE_URL_SECRET: secretsSchema.optional(),
    METRICS_TOKEN: metricsTokenSchema.optional(),
    METRICS_PORT: integerSchema(0, 65_535).optional(),
    METRICS_HOST: textSchema.default('127.0.0.1'),
    HOOK_SECRETS: hookSecretsSchema.optional(),
    HOOK_NAMESPACES: hookNamespacesSchema.optional(),
    HOOK_DEBOUNCE_MS: integerSchema(0, 600_000).default(2_000),
    HOOK_MAX_DELAY_MS: integerSchema(0, 3_600_000).default(10_000),
    WEBHOOK_RETRY_MS: waitsSchema.prefault(STANDARD_RETRY_MS),
    WEBHOOK_TIMEOUT_MS: integerSchema(100, 60_000).default(15_000),
    WEBHOOK_ALLOW_PRIVATE: z.enum(['true', 'false']).default('false'),
    WORKER_CONCURRENCY: integerSchema(1, 1_000).default(8),
    MODEL_MAX_CONCURRENCY: integerSchema(1, 10_000).optional(),
    GENERATION_TIMEOUT_MS: integerSchema(100, 3_600_000).default(120_000),
    OWNER_MAX_IN_FLIGHT: integerSchema(1, 100_000).default(1_000),
    REFUSAL_TTL_MS: integerSchema(0, 86_400_000).default(600_000),
    BREAKER_FAILURES: integerSchema(1, 1_000_000_000).default(10),
    BREAKER_RESET_MS: integerSchema(100, 3_600_000).default(30_000),
    INTERACTIVE_DEADLINE_MS: integerSchema(100, 3_600_000).default(60_000),
    INTERACTIVE_GIVE_UP_MS: integerSchema(1_000, 86_400_000).default(1_800_000),
    EAGER_GIVE_UP_MS: integerSchema(1_000, 604_800_000).default(86_400_000),
    ALERT_INTERVAL_MS: integerSchema(50, 3_600_000).default(60_000),
    ALERT_GENERATION_MS: integerSchema(1, 3_600_000).default(5_000),
    ALERT_QUEUE_AGE_MS: integerSchema(1, 86_400_000).default(60_000),
    ALERT_EAGER_QUEUE_AGE_MS: integerSchema(1, 86_400_000).default(3_600_000),
    BUDGET_DAILY_USD: usdSchema.optional(),
    BUDGET_MONTHLY_USD: usdSchema.optional(),
    BUDGET_OWNER_DAILY_USD: usdSchema.optional(),
    BUDGET_OWNER_MONTHLY_USD: usdSchema.optional(),
    BUDGET_WARN_PERCENT: integerSchema(1, 100).default(80),
    SIMILARITY_MODE: similarityModeSchema.default('suggest'),
    SIMILARITY_MIN_SCORE: shareSchema.default(0.8),
    SIMILARITY_PRECISION_FLOOR: shareSchema.default(0.9),
    EMBEDDING_SOURCE: z.enum(['auto', 'gemini', 'local', 'off']).default('auto'),
    EMBEDDING_MODEL: textSchema.default('gemini-embedding-001'),
    EMBEDDING_DIMENSIONS: integerSchema(128, 2_000).default(512),
    CONDITION_MATCH: z.enum(['perceptual', 'pixels', 'off']).default('perceptual'),
    LEASE_MS: integerSchema(1_000, 600_000).default(30_000),
    SWEEP_INTERVAL_MS: integerSchema(100, 60_000).default(5_000),
    RETRY_BACKOFF_MS: integerSchema(1, 60_000).default(1_000),
    ORPHAN_GRACE_DAYS: integerSchema(1, 3_650).default(30),
    RETENTION_EVENTS_DAYS: daysSchema.optional(),
    RETENTION_CALLS_DAYS: daysSchema.optional(),
    RETENTION_FAILED_DAYS: daysSchema.optional(),
    RETENTION_PROMPTS_DAYS: daysSchema.optional(),
    RETENTION_COMPARISONS_DAYS: daysSchema.optional(),
    RETENTION_UNUSED_IMAGES_DAYS: daysSchema.optional(),
    RETENTION_HISTORY_DAYS: daysSchema.optional(),
    SHUTDOWN_GRACE_MS: integerSchema(0, 7_200_000).optional(),
    OTEL_EXPORTER_OTLP_ENDPOINT: httpUrlSchema.optional(),
    OTEL_SERVICE_NAME: textSchema.default('imageonce'),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
  })
  .superRefine((env, context) => {
    const require = (names: (keyof typeof env)[], why: string) => {
      for (const name of names) {
        if (env[name] === undefined) {
          context.addIssue({ code: 'custom', path: [name], message: `is missing: ${why}` })
        }
      }
    }
    for (const name of ['INTERACTIVE_GIVE_UP_MS', 'EAGER_GIVE_UP_MS'] as const) {
      if (env[name] > env.GENERATION_TIMEOUT_MS) continue
      const message = 'must be more than GENERATION_TIMEOUT_MS: no call could end in time otherwise'
      context.addIssue({ code: 'custom', path: [name], message })
    }
    if (env.S3_ENDPOINT || env.S3_BUCKET || env.S3_ACCESS_KEY_ID || env.S3_SECRET_ACCESS_KEY) {
      require([
        'S3_ENDPOINT',
        'S3_BUCKET',
        'S3_ACCESS_KEY_ID',
        'S3_SECRET_ACCESS_KEY',
      ], 'the S3_ settings go together')
    }
    if (env.DATABASE_DIRECT_URL) require(['DATABASE_URL'], 'DATABASE_DIRECT_URL goes with it')
    const sources = new Set(env.HOOK_SECRETS?.map(({ source }) => source))
    for (const source of env.HOOK_NAMESPACES?.keys() ?? []) {
      if (sources.has(source)) continue
      const message = `names the source ${source}, which HOOK_SECRETS has not`
      context.addIssue({ code: 'custom', path: ['HOOK_NAMESPACES'], message })
    }
    if (env.AUTH_JWKS_URL) {
      require(['AUTH_ISSUER', 'AUTH_AUDIENCE', 'IMAGE_URL_SECRET'], 'AUTH_JWKS_URL needs it')
      if (env.AUTH_JWT_SECRET) {
        const message = 'goes with AUTH_JWT_SECRET no longer: set one of the two'
        context.addIssue({ code: 'custom', path: ['AUTH_JWKS_URL'], message })
      }
    }
    if (env.NODE_ENV === 'production') {
      require([
        'DATABASE_URL',
        'S3_ENDPOINT',
        'GEMINI_API_KEY',
      ], 'nothing is embedded or made up with NODE_ENV=production')
      require(['PUBLIC_URL'], 'image URLs and webhooks name it')
      if (env.WEBHOOK_ALLOW_PRIVATE === 'true') {
        const message = 'is for development: webhooks would reach what only this machine may'
        context.addIssue({ code: 'custom', path: ['WEBHOOK_ALLOW_PRIVATE'], message })
      }
      if (!env.AUTH_JWKS_URL) require(['AUTH_JWT_SECRET'], 'set it, or AUTH_JWKS_URL')
      for (const name of ['AUTH_JWKS_URL', 'GEMINI_BASE_URL'] as const) {
        if (!isOpenToReaders(env[name])) continue
        const message =
          'must be https: whoever is on the way could read it, and answer in its place'
        context.addIssue({ code: 'custom', path: [name], message })
      }
    }
  })

export type Environment = Record<string, string | undefined>

/** The process's own; nothing else reads it. */
export const environment: Environment = process.env

/**
 * All settings from the environment, parsed once. An empty variable counts as absent.
 * Throws `ConfigError` naming every wrong one.
 */
export const parseConfig = (environment: Environment) => {
  const present = Object.entries(environment).filter(([, value]) => value !== '')
  const parsed = environmentSchema.safeParse(Object.fromEntries(present))
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(describeIssue))
  const { shape } = environmentSchema
  const settings = describeSettings(shape, settingDescriptions, Object.fromEntries(present))
  return { ...toConfig(parsed.data), settings }
}

export type Config = ReturnType<typeof parseConfig>
export type AuthConfig = Config['auth']

/** Where the command line finds its server. Throws `ConfigError`. */
export const parseClientConfig = (environment: Environment) => {
  const url = environment.IMAGEONCE_URL || 'http://127.0.0.1:3000'
  if (!httpUrlSchema.safeParse(url).success) {
    throw new ConfigError(['IMAGEONCE_URL must be an http or https URL'])
  }
  return { url: url.replace(/\/+$/, ''), token: environment.IMAGEONCE_TOKEN || undefined }
}

/** Never repeats the value: it may be a secret. */
const describeIssue = (issue: z.core.$ZodIssue): string =>
  `${issue.path.join('.')} ${issue.message}`

/** An API's answers take no longer; streams and waits end at once. */
const API_GRACE_MS = 10_000
/** From the last byte of the model's answer to the commit, with a store that has to be asked a few times. */
const STORING_MS = 30_000
/** Calls that take their time are to be seen together. */
const MIN_BREAKER_WINDOW_MS = 60_000

const toConfig = (env: z.output<typeof environmentSchema>) => ({
  isProduction: env.NODE_ENV === 'production',
  http: {
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ''),
    maxWaitSeconds: env.MAX_WAIT_SECONDS,
    corsOrigins: env.CORS_ORIGINS,
    trustedProxies: env.TRUSTED_PROXIES,
  },
  rates: {
    limits: env.RATE_LIMITS === 'off' ? undefined : (env.RATE_LIMITS ?? defaultRateLimits()),
    addressFactor: env.RATE_ADDRESS_FACTOR,
  },
  bounds: {
    ownerOpen: env.OWNER_MAX_OPEN,
    open: env.MAX_OPEN,
    ownerUploadBytes: env.OWNER_MAX_UPLOADED_MB * 1024 * 1024,
    ownerItems: env.OWNER_MAX_SAVED_ITEMS,
    ownerKeys: env.OWNER_MAX_IDEMPOTENCY_KEYS,
    bodyBytes: env.MAX_BODY_MEMORY_MB * 1024 * 1024,
  },
  dataDir: resolve(env.DATA_DIR),
  database: {
    url: env.DATABASE_URL,
    directUrl: env.DATABASE_DIRECT_URL,
    poolSize: env.DATABASE_POOL_SIZE,
    isEmbedded: false,
  },
  queue: { redisUrl: env.REDIS_URL, name: env.QUEUE_NAME },
  s3:
    env.S3_ENDPOINT && env.S3_BUCKET && env.S3_ACCESS_KEY_ID && env.S3_SECRET_ACCESS_KEY
      ? {
          endpoint: env.S3_ENDPOINT,
          bucket: env.S3_BUCKET,
          region: env.S3_REGION,
          accessKeyId: env.S3_ACCESS_KEY_ID,
          secretAccessKey: env.S3_SECRET_ACCESS_KEY,
          publicBaseUrl: env.PUBLIC_IMAGE_BASE_URL?.replace(/\/+$/, ''),
        }
      : undefined,
  gemini: env.GEMINI_API_KEY
    ? { apiKey: env.GEMINI_API_KEY, model: env.GEMINI_MODEL, baseUrl: env.GEMINI_BASE_URL }
    : undefined,
  auth: {
    jwtSecrets: env.AUTH_JWT_SECRET ?? [],
    jwksUrl: env.AUTH_JWKS_URL,
    issuer: env.AUTH_ISSUER,
    audience: env.AUTH_AUDIENCE,
    maxTokenAgeSeconds: env.AUTH_MAX_TOKEN_AGE,
    namespace: env.AUTH_NAMESPACE,
    imageUrlSecrets: env.IMAGE_URL_SECRET ?? [],
    operatorKeys: env.OPERATOR_KEYS ?? [],
  },
  ownerPolicy: toOwnerPolicy(env),
  tracing: { endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT, serviceName: env.OTEL_SERVICE_NAME },
  metrics: { token: env.METRICS_TOKEN, port: env.METRICS_PORT, host: env.METRICS_HOST },
  hooks: {
    secrets: env.HOOK_SECRETS ?? [],
    namespaces: env.HOOK_NAMESPACES ?? new Map<string, string>(),
    debounceMs: env.HOOK_DEBOUNCE_MS,
    maxDelayMs: env.HOOK_MAX_DELAY_MS,
  },
  webhooks: {
    retryWaitsMs: env.WEBHOOK_RETRY_MS,
    timeoutMs: env.WEBHOOK_TIMEOUT_MS,
    isPrivateAllowed: env.WEBHOOK_ALLOW_PRIVATE === 'true',
  },
  worker: {
    concurrency: env.WORKER_CONCURRENCY,
    modelMaxConcurrency: env.MODEL_MAX_CONCURRENCY,
    generationTimeoutMs: env.GENERATION_TIMEOUT_MS,
    breaker: {
      failures: env.BREAKER_FAILURES,
      resetMs: env.BREAKER_RESET_MS,
      windowMs: Math.max(MIN_BREAKER_WINDOW_MS, 2 * env.GENERATION_TIMEOUT_MS),
    },
    leaseMs: env.LEASE_MS,
    sweepIntervalMs: env.SWEEP_INTERVAL_MS,
    retryBackoffMs: env.RETRY_BACKOFF_MS,
    orphanGraceDays: env.ORPHAN_GRACE_DAYS,
  },
  alerts: {
    intervalMs: env.ALERT_INTERVAL_MS,
    generationMs: env.ALERT_GENERATION_MS,
    queueAgeMs: env.ALERT_QUEUE_AGE_MS,
    eagerQueueAgeMs: env.ALERT_EAGER_QUEUE_AGE_MS,
    dailyWarnUsd: toWarnUsd(env, env.BUDGET_DAILY_USD),
    monthlyWarnUsd: toWarnUsd(env, env.BUDGET_MONTHLY_USD),
  },
  budgets: toBudgets(env),
  similarity: {
    mode: env.SIMILARITY_MODE,
    minScore: env.SIMILARITY_MIN_SCORE,
    precisionFloor: env.SIMILARITY_PRECISION_FLOOR,
  },
  embeddings: {
    source: env.EMBEDDING_SOURCE,
    model: env.EMBEDDING_MODEL,
    dimensions: env.EMBEDDING_DIMENSIONS,
  },
  retention: {
    events: env.RETENTION_EVENTS_DAYS,
    calls: env.RETENTION_CALLS_DAYS,
    failed: env.RETENTION_FAILED_DAYS,
    prompts: env.RETENTION_PROMPTS_DAYS,
    comparisons: env.RETENTION_COMPARISONS_DAYS,
    unusedImages: env.RETENTION_UNUSED_IMAGES_DAYS,
    history: env.RETENTION_HISTORY_DAYS,
  },
  conditionMatch: env.CONDITION_MATCH,
  limits: {
    maxInFlight: env.OWNER_MAX_IN_FLIGHT,
    refusalTtlMs: env.REFUSAL_TTL_MS,
    giveUpMs: { interactive: env.INTERACTIVE_GIVE_UP_MS, eager: env.EAGER_GIVE_UP_MS },
    budgets: toBudgets(env),
  },
  interactiveDeadlineMs: env.INTERACTIVE_DEADLINE_MS,
  stop: {
    apiGraceMs: env.SHUTDOWN_GRACE_MS ?? API_GRACE_MS,
    workerGraceMs: env.SHUTDOWN_GRACE_MS ?? env.GENERATION_TIMEOUT_MS + STORING_MS,
    /** What a worker's stop takes at most that cuts no call off. */
    callMs: env.GENERATION_TIMEOUT_MS + STORING_MS,
  },
  logLevel: env.LOG_LEVEL,
})

/** What calls may cost, where operators set nothing else, and from which share of it on is warned. */
const toBudgets = (env: z.output<typeof environmentSchema>) => ({
  everyone: { dailyUsd: env.BUDGET_DAILY_USD, monthlyUsd: env.BUDGET_MONTHLY_USD },
  eachOwner: { dailyUsd: env.BUDGET_OWNER_DAILY_USD, monthlyUsd: env.BUDGET_OWNER_MONTHLY_USD },
  warnShare: env.BUDGET_WARN_PERCENT / 100,
})

const toWarnUsd = (
  { BUDGET_WARN_PERCENT: percent }: z.output<typeof environmentSchema>,
  budgetUsd: number | undefined,
): number | undefined => budgetUsd && (budgetUsd * percent) / 100
