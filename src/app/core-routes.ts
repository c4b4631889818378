import { assertWritable, explainDatabase } from '../../db/examine.ts'
import type { Authenticate, Identify, Principal } from '../adapters/http/auth.ts'
import type { HttpContext } from '../adapters/http/http-context.ts'
import type { ImageSigner } from '../adapters/http/image-urls.ts'
import type { MetricsAccess } from '../adapters/http/metrics.ts'
import type { MountedRoutes } from '../adapters/http/mounted-routes.ts'
import { createGenerationRoutes } from '../adapters/http/routes/generations.ts'
import { createHealthRoutes, type ReadinessChecks } from '../adapters/http/routes/health.ts'
import { createImageFileRoutes } from '../adapters/http/routes/image-files.ts'
import { createImageRoutes } from '../adapters/http/routes/images.ts'
import { createInfoRoutes } from '../adapters/http/routes/info.ts'
import { createMetricsRoutes } from '../adapters/http/routes/metrics.ts'
import { createOpenApiRoutes } from '../adapters/http/routes/openapi.ts'
import { createRetryRoutes } from '../adapters/http/routes/retry.ts'
import { createSessionRoutes } from '../adapters/http/routes/session.ts'
import { createSignedEventRoutes } from '../adapters/http/routes/signed-events.ts'
import { createVisualizeRoutes, type VisualizeDeps } from '../adapters/http/routes/visualize.ts'
import type { Sessions } from '../adapters/http/sessions.ts'
import { createStreams } from '../adapters/http/sse.ts'
import { createThumbnails } from '../adapters/images/thumbnails.ts'
import { explainRedis } from '../adapters/queue/examine.ts'
import { explainStore } from '../adapters/storage/examine.ts'
import type { CallerInfo, ServerInfo } from '../contract/server-info.ts'
import type { UploadDeps } from '../generation/submit/uploads.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'
import type { Resources } from './resources.ts'

type CoreDeps = VisualizeDeps & {
  resources: Resources
  queueKind: 'redis' | 'postgres'
  info: Omit<ServerInfo, 'caller'>
  describeCaller: (principal: Principal) => CallerInfo
  publicUrl: string | undefined
  uploads: UploadDeps
  authenticate: Authenticate
  identify: Identify
  sessions: Sessions
  signer: ImageSigner
  metricsAccess: MetricsAccess
  /** Reports an object that the store says it has not; never rejects. */
  onImageMissing: (objectKey: string) => Promise<void>
  /** Called with the id of each image that is shown. */
  recordAccess: (id: string) => void
  logger: Logger
}

/** The routes of generations and images themselves, and of the server that makes them. */
export const createCoreRoutes = (http: HttpContext, deps: CoreDeps): MountedRoutes[] => {
  const { resources, submit, authenticate, sessions } = deps
  const { db, queue, store, metrics } = resources
  const cancel = { db, removeJob: queue.remove, enqueue: queue.enqueue }
  const { assertMayAsk, payerOf } = deps
  const asking = { ...submit, assertMayAsk, payerOf }
  const bulk = { ...asking, removeJob: queue.remove, enqueueAll: queue.enqueueAll }
  const openStream = createStreams(http, metrics.http.openStream)
  return [
    own('/api/session', createSessionRoutes(authenticate, sessions)),
    own('/images', createImageFileRoutes(http, { ...deps, ...toImageFileDeps(deps) })),
    createSignedEventRoutes(http, { ...deps, findDeferred: queue.findDeferred, openStream }),
    own('/', createHealthRoutes(http, toReadinessChecks(resources, deps.queueKind))),
    own('/', createOpenApiRoutes(createFindOpenApi(deps.publicUrl))),
    own('/', createMetricsRoutes({ ...deps, readMetrics: metrics.read })),
    behindToken('/api/info', createInfoRoutes(deps)),
    createVisualizeRoutes(http, deps),
    createGenerationRoutes(http, { cancel, openStream, store }),
    behindToken('/api/generations', createRetryRoutes(http, bulk)),
    behindToken(
      '/api/images',
      createImageRoutes(http, { uploads: { ...deps.uploads, store }, signer: deps.signer }),
    ),
  ]
}

type Handler = MountedRoutes['handler']

const own = (path: string, handler: Handler): MountedRoutes => ({ path, access: 'own', handler })

const behindToken = (path: string, handler: Handler): MountedRoutes => ({
  path,
  access: 'token',
  handler,
})

const toImageFileDeps = ({ resources, onImageMissing, logger }: CoreDeps) => {
  const { store, queue } = resources
  return {
    findDeferred: queue.findDeferred,
    objects: { store, findThumbnail: createThumbnails(store), onImageMissing, logger },
  }
}

const toReadinessChecks = (
  { db, queue, store }: Resources,
  queueKind: 'redis' | 'postgres',
): ReadinessChecks => ({
  database: { check: () => assertWritable(db), explain: explainDatabase },
  queue: { check: queue.ping, explain: queueKind === 'redis' ? explainRedis : explainDatabase },
  store: { check: store.ping, explain: (error) => explainStore(store.kind, error) },
})

/** Loaded when it is asked for: few ever do. */
const createFindOpenApi = (publicUrl: string | undefined) => async (): Promise<object> => {
  const { createOpenApiDocument } = await import('../openapi/document.ts')
  return createOpenApiDocument(VERSION, publicUrl)
}
