import express, { Router } from 'express'
import { MAX_HOOK_BYTES } from '../../contract/limits.ts'
import { saveHookSchema } from '../../contract/save-hook.ts'
import { AppError } from '../../errors.ts'
import { saveByHook } from '../../saved-items/save-by-hook.ts'
import { verifyHook } from '../hook-signature.ts'
import type { HttpContext } from '../http-context.ts'
import { createItemDeps } from '../item-deps.ts'

/** Saving from another server, by a signature instead of a token. */
export const createHookRoutes = (context: HttpContext): Router => {
  const { secrets, ...timing } = context.hooks
  const deps = createItemDeps(context)
  const router = Router()

  router.post(
    '/save',
    express.raw({ limit: MAX_HOOK_BYTES, type: () => true }),
    async (req, res) => {
      if (secrets.length === 0) {
        throw new AppError('not_found', 'Save hooks are off: the server has no HOOK_SECRETS.')
      }
      const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)
      const delivery = verifyHook(secrets, req.headers, body)
      const hook = saveHookSchema.parse(parseJson(body), { reportInput: true })
      await saveByHook(deps, timing, delivery, hook)
      res.status(202).json({ itemId: hook.itemId })
    },
  )

  return router
}

const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw new AppError('malformed_json', 'The body is not valid JSON.')
  }
}
