import { Router } from 'express'
import { saveHookSchema } from '../../contract/save-hook.ts'
import { AppError } from '../../errors.ts'
import { saveByHook } from '../../saved-items/save-by-hook.ts'
import { signedBody } from '../body.ts'
import { verifyHook } from '../hook-signature.ts'
import type { HttpContext } from '../http-context.ts'
import { createItemDeps } from '../item-deps.ts'

/** Saving from another server, by a signature instead of a token. */
export const createHookRoutes = (context: HttpContext): Router => {
  const { secrets, ...timing } = context.hooks
  const deps = createItemDeps(context)
  const router = Router()

  router.use((_req, _res, next) => {
    if (secrets.length > 0) return next()
    throw new AppError('not_found', 'Save hooks are off: the server has no HOOK_SECRETS.')
  })

  router.post('/save', ...signedBody(), async (req, res) => {
    const text = decodeBody(req.body)
    const delivery = verifyHook(secrets, req.headers, text)
    const hook = saveHookSchema.parse(parseJson(text), { reportInput: true })
    await saveByHook(deps, timing, delivery, hook)
    res.status(202).json({ itemId: hook.itemId })
  })

  return router
}

/** Two bodies must not be one text, or the signature of the one would be good for the other. */
const decodeBody = (body: Buffer | undefined): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new AppError('malformed_json', 'The body is not UTF-8.')
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new AppError('malformed_json', 'The body is not valid JSON.')
  }
}
