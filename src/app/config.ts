import { resolve } from 'node:path'
import type { z } from 'zod'
import { defaultRateLimits } from '../adapters/http/rates/rate-classes.ts'
import { builtInPrices } from '../adapters/providers/price-table.ts'
import { ConfigError } from '../lib/errors.ts'
import { toOwnerPolicy } from './access-settings.ts'
import { environmentSchema, type Settings } from './environment-schema.ts'
import { toDefaultModel, toGemini, toOpenai } from './provider-settings.ts'
import { settingDescriptions } from './setting-descriptions.ts'
import { httpUrlSchema } from './setting-values.ts'
import { describeSettings } from './settings.ts'

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

const toConfig = (env: Settings) => ({
  isProduction: env.NODE_ENV === 'production',
  http: {
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ''),
    maxWaitSeconds: env.MAX_WAIT_SECONDS,
    maxCallSeconds: env.MAX_CALL_SECONDS,
    corsOrigins: env.CORS_ORIGINS,
    trustedProxies: env.TRUSTED_PROXIES,
  },
  rates: {
    limits: env.RATE_LIMITS === 'off' ? undefined : (env.RATE_LIMITS ?? defaultRateLimits()),
    addressFactor: env.RATE_ADDRESS_FACTOR,
  },
  bounds: {
    ownerOpen: env.OWNER_MAX_OPEN,
    ownerCalls: env.OWNER_MAX_CALLS,
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
  gemini: toGemini(env),
  openai: toOpenai(env),
  routes: env.ROUTES,
  defaultModel: toDefaultModel(env),
  prices: env.PRICE_FILE ?? builtInPrices,
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
  ownerPolicy: toOwnerPolicy(env, toDefaultModel(env)),
  upstreamKeys: env.UPSTREAM_KEYS,
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
    tiers: {
      eager: env.EAGER_TIER,
      bounds: { flex: { callMs: env.FLEX_TIMEOUT_MS, giveUpMs: env.FLEX_GIVE_UP_MS } },
      standardCallMs: env.GENERATION_TIMEOUT_MS,
    },
    flexConcurrency: env.FLEX_CONCURRENCY,
    leaseMs: env.LEASE_MS,
    sweepIntervalMs: env.SWEEP_INTERVAL_MS,
    retryBackoffMs: env.RETRY_BACKOFF_MS,
    orphanGraceDays: env.ORPHAN_GRACE_DAYS,
  },
  batches: {
    maxItems: env.BATCH_MAX_ITEMS,
    waitMs: env.BATCH_WAIT_MS,
    pollMs: env.BATCH_POLL_MS,
    deadlineMs: env.BATCH_GIVE_UP_MS,
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
    judge: {
      model: env.SIMILARITY_JUDGE_MODEL,
      dailyCalls: env.SIMILARITY_JUDGE_DAILY_CALLS,
    },
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
    promotion: env.PROMOTION,
    budgets: toBudgets(env),
  },
  interactiveDeadlineMs: env.INTERACTIVE_DEADLINE_MS,
  stop: {
    apiGraceMs: env.SHUTDOWN_GRACE_MS ?? API_GRACE_MS,
    workerGraceMs: env.SHUTDOWN_GRACE_MS ?? env.GENERATION_TIMEOUT_MS + STORING_MS,
    /** Of a worker that has calls at the flex tier out. */
    flexGraceMs:
      env.SHUTDOWN_GRACE_MS ??
      Math.max(env.GENERATION_TIMEOUT_MS, env.FLEX_TIMEOUT_MS) + STORING_MS,
    /** What a worker's stop takes at most that cuts no call off. */
    callMs: env.GENERATION_TIMEOUT_MS + STORING_MS,
    /** The same where the eager lane is made at the flex tier; undefined where it is not. */
    flexCallMs: env.EAGER_TIER === 'flex' ? env.FLEX_TIMEOUT_MS + STORING_MS : undefined,
  },
  logLevel: env.LOG_LEVEL,
})

/** What calls may cost, where operators set nothing else, and from which share of it on is warned. */
const toBudgets = (env: Settings) => ({
  everyone: { dailyUsd: env.BUDGET_DAILY_USD, monthlyUsd: env.BUDGET_MONTHLY_USD },
  eachOwner: { dailyUsd: env.BUDGET_OWNER_DAILY_USD, monthlyUsd: env.BUDGET_OWNER_MONTHLY_USD },
  warnShare: env.BUDGET_WARN_PERCENT / 100,
})

const toWarnUsd = (
  { BUDGET_WARN_PERCENT: percent }: Settings,
  budgetUsd: number | undefined,
): number | undefined => budgetUsd && (budgetUsd * percent) / 100
