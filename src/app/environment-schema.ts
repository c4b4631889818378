import { z } from 'zod'
import { namespaceSchema } from '../contract/namespace.ts'
import { similarityModeSchema, tierSchema, upstreamKeyRuleSchema } from '../contract/vocabulary.ts'
import {
  hookNamespacesSchema,
  isOpenToReaders,
  lanesSchema,
  namesSchema,
  sizesSchema,
} from './access-settings.ts'
import { proxiesSchema, rateLimitsSchema } from './caller-settings.ts'
import { priceFileSchema } from './price-file.ts'
import {
  apiKeySchema,
  findProviderProblems,
  modelNamesSchema,
  routesSchema,
} from './provider-settings.ts'
import { hookSecretsSchema, operatorKeysSchema, secretsSchema } from './secret-settings.ts'
import {
  daysSchema,
  httpUrlSchema,
  integerSchema,
  metricsTokenSchema,
  originsSchema,
  shareSchema,
  textSchema,
  urlSchema,
  usdSchema,
  waitsSchema,
} from './setting-values.ts'

/** Standard Webhooks, "Retry schedule": the waits between ten attempts, the first of which is made at once. */
const STANDARD_RETRY_MS = '5000,300000,1800000,7200000,18000000,36000000,50400000,72000000,86400000'

/** Every setting, with its default and what must be true of several together. */
export const environmentSchema = z
  .object({
    NODE_ENV: z.string().default('development'),
    PORT: integerSchema(0, 65_535).default(3000),
    HOST: textSchema.default('127.0.0.1'),
    PUBLIC_URL: httpUrlSchema.optional(),
    MAX_WAIT_SECONDS: integerSchema(1, 600).default(50),
    MAX_CALL_SECONDS: integerSchema(1, 3_600).default(600),
    CORS_ORIGINS: originsSchema.default([]),
    TRUSTED_PROXIES: proxiesSchema.optional(),
    RATE_LIMITS: rateLimitsSchema.optional(),
    RATE_ADDRESS_FACTOR: integerSchema(1, 100_000).default(10),
    OWNER_MAX_OPEN: integerSchema(1, 100_000).default(200),
    OWNER_MAX_CALLS: integerSchema(1, 100_000).default(500),
    MAX_OPEN: integerSchema(1, 100_000).default(10_000),
    OWNER_MAX_UPLOADED_MB: integerSchema(1, 100_000_000).default(10_240),
    OWNER_MAX_SAVED_ITEMS: integerSchema(1, 100_000_000).default(100_000),
    OWNER_MAX_IDEMPOTENCY_KEYS: integerSchema(1, 100_000_000).default(100_000),
    MAX_BODY_MEMORY_MB: integerSchema(24, 100_000).default(64),
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
    GEMINI_API_KEY: apiKeySchema.optional(),
    GEMINI_MODEL: textSchema.default('gemini-nano-banana-2.1'),
    PRICE_FILE: priceFileSchema.optional(),
    GEMINI_BASE_URL: httpUrlSchema.default('https://generativelanguage.googleapis.com'),
    OPENAI_API_KEY: apiKeySchema.optional(),
    OPENAI_BASE_URL: httpUrlSchema.default('https://api.openai.com/v1'),
    OPENAI_MODELS: modelNamesSchema.optional(),
    ROUTES: routesSchema.optional(),
    DEFAULT_MODEL: textSchema.optional(),
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
    UPSTREAM_KEYS: upstreamKeyRuleSchema.default('off'),
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
    EAGER_TIER: tierSchema.default('standard'),
    FLEX_TIMEOUT_MS: integerSchema(100, 3_600_000).default(900_000),
    FLEX_GIVE_UP_MS: integerSchema(0, 604_800_000).default(3_600_000),
    FLEX_CONCURRENCY: integerSchema(1, 1_000).default(32),
    PROMOTION: z.enum(['wait', 'buy']).default('wait'),
    BATCH_MAX_ITEMS: integerSchema(1, 1_000).default(50),
    BATCH_WAIT_MS: integerSchema(0, 86_400_000).default(600_000),
    BATCH_POLL_MS: integerSchema(50, 3_600_000).default(60_000),
    BATCH_GIVE_UP_MS: integerSchema(1_000, 604_800_000).default(180_000_000),
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
    SIMILARITY_JUDGE_MODEL: textSchema.default('gemini-3.5-flash-lite'),
    SIMILARITY_JUDGE_DAILY_CALLS: integerSchema(0, 1_000_000).default(200),
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
    if (
      env.EAGER_TIER === 'flex' &&
      env.EAGER_GIVE_UP_MS <= env.FLEX_TIMEOUT_MS + env.GENERATION_TIMEOUT_MS
    ) {
      const message =
        'must be more than FLEX_TIMEOUT_MS and GENERATION_TIMEOUT_MS together: flex would never be tried otherwise'
      context.addIssue({ code: 'custom', path: ['EAGER_GIVE_UP_MS'], message })
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
    for (const [name, message] of findProviderProblems(env)) {
      context.addIssue({ code: 'custom', path: [name], message })
    }
    if (env.NODE_ENV === 'production') {
      const isMade = 'nothing is embedded or made up with NODE_ENV=production'
      require(['DATABASE_URL', 'S3_ENDPOINT'], isMade)
      if (!env.OPENAI_API_KEY) require(['GEMINI_API_KEY'], `${isMade}: set it, or OPENAI_API_KEY`)
      require(['PUBLIC_URL'], 'image URLs and webhooks name it')
      if (env.WEBHOOK_ALLOW_PRIVATE === 'true') {
        const message = 'is for development: webhooks would reach what only this machine may'
        context.addIssue({ code: 'custom', path: ['WEBHOOK_ALLOW_PRIVATE'], message })
      }
      if (!env.AUTH_JWKS_URL) require(['AUTH_JWT_SECRET'], 'set it, or AUTH_JWKS_URL')
      for (const name of ['AUTH_JWKS_URL', 'GEMINI_BASE_URL', 'OPENAI_BASE_URL'] as const) {
        if (!isOpenToReaders(env[name])) continue
        const message =
          'must be https: whoever is on the way could read it, and answer in its place'
        context.addIssue({ code: 'custom', path: [name], message })
      }
    }
  })

/** All settings as they are read. */
export type Settings = z.output<typeof environmentSchema>
