/** What each setting of `config.ts` is, in the words of the README; `GET /api/settings` tells them. */
export const settingDescriptions = {
  NODE_ENV: 'With `production` nothing is embedded or made up.',
  PORT: 'The port that the API listens on; 0 for any that is free.',
  HOST: 'The address that the API listens on.',
  PUBLIC_URL:
    'How clients reach the API; without it, by the address that each of them used. Needed with NODE_ENV=production.',
  MAX_WAIT_SECONDS:
    'The longest that a request is held open, in seconds: less than the proxies in front allow.',
  MAX_CALL_SECONDS:
    'The longest that a call by another provider’s API is held open for its image, in seconds.',
  CORS_ORIGINS: 'Origins whose pages may call the API, with commas between them, or `*`.',
  TRUSTED_PROXIES:
    'Whom to believe where a request comes from: how many proxies stand in front, or their addresses; without it nobody.',
  RATE_LIMITS:
    'What an owner or address may do in a minute, `class=number` with commas between them, or `off`.',
  RATE_ADDRESS_FACTOR: 'How many times what an owner may do one address may.',
  OWNER_MAX_OPEN: 'Streams and waits that an owner may have open at once in each API process.',
  OWNER_MAX_CALLS:
    'Calls by another provider’s API that an owner may have open at once in each API process.',
  MAX_OPEN: 'Streams and waits that all may have open at once in each API process.',
  OWNER_MAX_UPLOADED_MB: 'What an owner’s uploads may take of the image store, in MiB.',
  OWNER_MAX_SAVED_ITEMS: 'Saved items that an owner may keep.',
  OWNER_MAX_IDEMPOTENCY_KEYS: 'Idempotency keys that an owner may use within 24 hours.',
  MAX_BODY_MEMORY_MB:
    'What the large bodies of requests may take of an API process’s memory at once, in MiB; others wait.',
  DATA_DIR: 'Where the embedded Postgres, files, the spool and the development secret are.',
  DATABASE_URL: 'Postgres 14 or later; without it an embedded one.',
  DATABASE_DIRECT_URL:
    'Postgres itself, where DATABASE_URL is a pooler in transaction mode: for what needs a session.',
  DATABASE_POOL_SIZE: 'Connections to Postgres, for each process.',
  REDIS_URL: 'Redis 6.2 or later with `noeviction`; without it BullMQ is on Postgres.',
  ORPHAN_GRACE_DAYS:
    'How long objects without a row are kept: longer than the oldest backup that you would restore.',
  RETENTION_EVENTS_DAYS:
    'After how many days events of what has ended are deleted; without it never.',
  RETENTION_CALLS_DAYS:
    'The same of the record of each paid call; what it cost stays in the figures; without it never.',
  RETENTION_FAILED_DAYS: 'The same of generations that failed or were canceled; without it never.',
  RETENTION_PROMPTS_DAYS:
    'After how many days prompts are reduced to their digests; without it never.',
  RETENTION_COMPARISONS_DAYS:
    'After how many days comparisons of prompts are deleted; without it never.',
  RETENTION_UNUSED_IMAGES_DAYS:
    'After how many days without an access images are deleted; without it never.',
  RETENTION_HISTORY_DAYS:
    'After how many days figures by owner are deleted; the sums of everyone stay; without it never.',
  QUEUE_NAME: 'The name of the queue.',
  S3_ENDPOINT: 'Cloudflare R2 or any S3 store; without it images are files in DATA_DIR.',
  S3_BUCKET: 'The bucket that images are in.',
  S3_REGION: "The bucket's region.",
  S3_ACCESS_KEY_ID: 'Signs in to the store.',
  S3_SECRET_ACCESS_KEY: 'Signs in to the store.',
  PUBLIC_IMAGE_BASE_URL:
    "The bucket's public domain, if it has one; without it URLs are presigned.",
  GEMINI_API_KEY:
    'Signs in to Gemini; without it and OPENAI_API_KEY the local renderer draws the pictures.',
  GEMINI_MODEL: 'The model of Gemini for requests that name none.',
  GEMINI_BASE_URL: 'Where Gemini is.',
  OPENAI_API_KEY: 'Signs in to OpenAI, or to a server that speaks its API.',
  OPENAI_BASE_URL: 'Where that is, up to its version.',
  OPENAI_MODELS:
    'The models that it makes images with, the default first, with commas between them; without it those of OpenAI that have a known price.',
  ROUTES:
    'Names for several models, of which the next is called where one can’t serve: `auto=model,model`, several with `;` between them.',
  DEFAULT_MODEL:
    'The model or route for requests that name none; without it GEMINI_MODEL, else the first of OPENAI_MODELS.',
  PRICE_FILE:
    'A file of your own prices, in place of those that are built in, model by model; the same for all processes.',
  AUTH_JWT_SECRET:
    'Signs tokens; several with commas between them while it is exchanged, the first of which signs. Without it and AUTH_JWKS_URL one is made for development.',
  AUTH_JWKS_URL: 'Where the keys of the tokens’ issuer are.',
  AUTH_ISSUER: 'The issuer that tokens must have.',
  AUTH_AUDIENCE: 'The audience that tokens must have.',
  AUTH_MAX_TOKEN_AGE: 'How long a token may be good for at most, in seconds.',
  AUTH_NAMESPACE:
    'Where the owners of tokens are: with `shop` the token of "1" is for `shop::1`, and reaches nothing else.',
  OWNER_MODELS:
    'Models that tokens of owners may ask for, or `*`; in production the default model alone unless set.',
  OWNER_SIZES: 'The sizes, or `*`; in production `1K` alone unless set.',
  OWNER_LANES: 'The lanes, or `*`.',
  OPERATOR_KEYS: 'Keys of operators, `name:key` with commas between them.',
  UPSTREAM_KEYS:
    'Whether callers may bring a key of their own for the provider, which pays then: `off`, `allowed` or `required`.',
  IMAGE_URL_SECRET:
    'Signs image URLs; several as of AUTH_JWT_SECRET. Without it one is derived from that.',
  HOOK_SECRETS: 'Who may save by hook, `source:whsec_…` with commas between them.',
  HOOK_NAMESPACES:
    'Where the owners of hook sources are, `source:namespace` with commas between them.',
  HOOK_DEBOUNCE_MS: 'How long a prompt must rest before its image is asked for.',
  HOOK_MAX_DELAY_MS: 'How long after the first edit it is asked for at the latest.',
  WEBHOOK_RETRY_MS:
    'The waits between the attempts to deliver a webhook, with commas between them.',
  WEBHOOK_TIMEOUT_MS: 'How long one attempt may take.',
  WEBHOOK_ALLOW_PRIVATE: '`true` lets webhooks reach private addresses; for development.',
  WORKER_CONCURRENCY: 'Generations that one worker runs at once.',
  MODEL_MAX_CONCURRENCY: 'Generations that all workers together run at once.',
  GENERATION_TIMEOUT_MS: 'How long one call to the model may take.',
  EAGER_TIER:
    'At which of the model’s prices the eager lane is made, unless a key says otherwise: `standard`; `flex`, which is half of it and may take an hour; or `batch`, which is half of it, many together, and may take a day.',
  FLEX_TIMEOUT_MS: 'How long one call at `flex` may take.',
  FLEX_GIVE_UP_MS:
    'How long `flex` is waited for from a generation’s first try on; after that it is made at the standard price.',
  FLEX_CONCURRENCY: 'Calls at `flex` that one worker has out at once, beside WORKER_CONCURRENCY.',
  PROMOTION:
    'What comes of a generation in a batch that a person asks for: with `wait` the person has it when the batch ends, with `buy` it is bought anew.',
  BATCH_MAX_ITEMS: 'The most generations that one batch is made of.',
  BATCH_WAIT_MS: 'How long the first of a batch waits for others.',
  BATCH_POLL_MS: 'How often the provider is asked how far a batch is.',
  BATCH_GIVE_UP_MS:
    'How long after it was made a batch is canceled, and what it has brought is taken.',
  OWNER_MAX_IN_FLIGHT: 'Generations that an owner may have queued and running at once.',
  REFUSAL_TTL_MS: 'How long a refusal of the model answers for its prompt.',
  BREAKER_FAILURES:
    'Prompts, of several owners or of one, that must meet outages for a model not to be called for them.',
  BREAKER_RESET_MS: 'How often a model that is not called is tried again.',
  INTERACTIVE_DEADLINE_MS: 'How long a person should wait before the placeholder is shown.',
  INTERACTIVE_GIVE_UP_MS:
    'How long after it was asked for an interactive generation ends at the latest.',
  EAGER_GIVE_UP_MS: 'The same in the eager lane.',
  ALERT_INTERVAL_MS: 'How often alerts are evaluated.',
  ALERT_GENERATION_MS:
    'How long new images may take before an alert fires; current models take 15 to 40 s, so 60000 suits them.',
  ALERT_QUEUE_AGE_MS: 'How long a generation may wait in the queue before an alert fires.',
  ALERT_EAGER_QUEUE_AGE_MS: 'The same in the eager lane.',
  BUDGET_DAILY_USD: 'What a UTC day may cost at most: no call that would pass it is sent.',
  BUDGET_MONTHLY_USD: 'What a UTC month may cost at most.',
  BUDGET_OWNER_DAILY_USD: 'What a UTC day may cost at most for each owner.',
  BUDGET_OWNER_MONTHLY_USD: 'What a UTC month may cost at most for each owner.',
  BUDGET_WARN_PERCENT: 'From which share of a limit on is warned of it, in percent.',
  SIMILARITY_MODE:
    'What becomes of an image that a similar prompt has: `off`, `suggest`, `shadow` or `reuse`.',
  SIMILARITY_MIN_SCORE: 'How near two prompts must be to be called similar, from 0 to 1.',
  SIMILARITY_PRECISION_FLOOR: "The share of right images under which an owner's reuse ends.",
  SIMILARITY_JUDGE_MODEL:
    'The model of Gemini that is asked whether two prompts say the same where the rules stop at wording or style alone, in `reuse` and `shadow`; `off` asks none.',
  SIMILARITY_JUDGE_DAILY_CALLS: 'How often it is asked in a UTC day for each owner.',
  EMBEDDING_SOURCE:
    'What prompts are compared by: `gemini`, `local` or `off`; `auto` is the first of them that is there.',
  EMBEDDING_MODEL: 'The model of Gemini that prompts are compared by.',
  EMBEDDING_DIMENSIONS: 'How many dimensions its vectors have.',
  CONDITION_MATCH:
    'When a condition image is one that was sent before: the same `pixels`, nearly the same (`perceptual`), or the same bytes only (`off`).',
  LEASE_MS: 'How long after its last sign of life a worker counts as dead.',
  SWEEP_INTERVAL_MS: 'How often lost jobs are looked for.',
  RETRY_BACKOFF_MS: 'How tries are spaced; doubled with each.',
  SHUTDOWN_GRACE_MS:
    'How long a stopping process finishes what is under way; unless set, a worker as long as a call may take and 30 s, an API 10 s.',
  METRICS_TOKEN: 'Who may read `/metrics`; without it nobody in production.',
  METRICS_PORT: 'Where a worker answers `/metrics` and `/livez`; without it nowhere.',
  METRICS_HOST: 'The address that it listens on for that.',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'Where traces are sent (OTLP over HTTP); without it nowhere.',
  OTEL_SERVICE_NAME: 'What traces say the service is called.',
  LOG_LEVEL: 'How much is logged; `info` unless set, `warn` with `npm start`.',
}
