import express, { type Express } from 'express'
import helmet from 'helmet'
import { createAlertRoutes } from '../../features/alerts/routes.ts'
import { createAnalyticsRoutes } from '../../features/analytics/routes.ts'
import { createQueueBoardRoutes } from '../../features/operators/queue-board-routes.ts'
import { createOperatorRoutes } from '../../features/operators/routes.ts'
import { createHookRoutes } from '../../features/saved-items/hooks-routes.ts'
import { createSavedItemRoutes } from '../../features/saved-items/routes.ts'
import { createSimilarityRoutes } from '../../features/similarity/routes.ts'
import { createTelemetryRoutes } from '../../features/telemetry/routes.ts'
import { createWebhookRoutes } from '../../features/webhooks/routes.ts'
import { createSourceWebhookRoutes } from '../../features/webhooks/source-webhooks-routes.ts'
import { requireAuth } from './auth.ts'
import { allowOrigins } from './cors.ts'
import type { HttpContext } from './http-context.ts'
import { createErrorHandler, notFoundHandler } from './problem.ts'
import { createRequestLog } from './request-log.ts'
import { createGenerationRoutes } from './routes/generations.ts'
import { createHealthRoutes } from './routes/health.ts'
import { createImageFileRoutes } from './routes/image-files.ts'
import { createImageRoutes } from './routes/images.ts'
import { createMetricsRoutes } from './routes/metrics.ts'
import { createOpenApiRoutes } from './routes/openapi.ts'
import { createAgainRoutes } from './routes/retry.ts'
import { createSessionRoutes } from './routes/session.ts'
import { createVisualizeRoutes } from './routes/visualize.ts'
import { serveWebPages } from './web-pages.ts'

/** The HTTP face: health and image bytes for anyone with the URL, everything else for whoever has a token. */
export const createApp = (context: HttpContext): Express => {
  const app = express()
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.use(createRequestLog(context.logger, context.metrics.startRequest, context.startTrace))
  app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] } } }))
  app.use('/api', allowOrigins(context.corsOrigins))
  app.use('/api/telemetry', createTelemetryRoutes(context))
  app.use('/api/hooks/webhooks', createSourceWebhookRoutes(context))
  app.use('/api/hooks', createHookRoutes(context))
  app.use('/api/session', createSessionRoutes(context))
  app.use('/api', requireAuth(context.identify))
  app.get('/api/info', (_req, res) => void res.json(context.info))
  app.use('/api/visualize', createVisualizeRoutes(context))
  app.use('/api/generations', createGenerationRoutes(context))
  app.use('/api/generations', createAgainRoutes(context))
  app.use('/api/images', createImageRoutes(context))
  app.use('/api/saved-items', createSavedItemRoutes(context))
  app.use('/api/analytics', createAnalyticsRoutes(context))
  app.use('/api/webhooks', createWebhookRoutes(context))
  app.use('/api/alerts', createAlertRoutes(context))
  app.use('/api', createSimilarityRoutes(context))
  app.use('/api', createOperatorRoutes(context))
  app.use('/images', createImageFileRoutes(context))
  app.use(createHealthRoutes(context))
  app.use(createOpenApiRoutes(context))
  app.use('/admin/queues', createQueueBoardRoutes(context))
  app.use(createMetricsRoutes(context))
  app.use(serveWebPages(context.web))
  app.use(notFoundHandler)
  app.use(createErrorHandler(context.logger))
  return app
}
