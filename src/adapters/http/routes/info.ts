import { Router } from 'express'
import type { ServerInfo } from '../../../contract/server-info.ts'

/** What this server would use and allow. */
export const createInfoRoutes = (info: ServerInfo): Router => {
  const router = Router()
  router.get('/', (_req, res) => void res.json(info))
  return router
}
