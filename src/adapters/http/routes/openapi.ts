import { Router } from 'express'

/** The contract for machines, to anyone: it holds no more than what `/docs` shows. */
export const createOpenApiRoutes = (findOpenApi: () => Promise<object>): Router => {
  const router = Router()
  router.get('/openapi.json', async (_req, res) => {
    res.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache' })
    res.json(await findOpenApi())
  })
  return router
}
