import { type Request, type Response, Router } from 'express'
import { keyIdOf, principalOf } from '../../adapters/http/auth.ts'
import { letGoOfBody } from '../../adapters/http/bound-bodies.ts'
import type { AssertMayAsk } from '../../adapters/http/caller-policy.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { imageJsonBody, parseBody, parseIdempotencyKey } from '../../adapters/http/parse-request.ts'
import type { PayerOf } from '../../adapters/http/upstream-key.ts'
import { generationRequestSchema } from '../../contract/generation-request.ts'
import { findListPriceUsd } from '../../contract/list-price.ts'
import type { Payer } from '../../generation/state/upstream-keys.ts'
import { AppError } from '../../lib/errors.ts'
import { createExplain, type ExplainDeps } from './explain.ts'
import { presentExplanation } from './present.ts'

type Deps = ExplainDeps & { assertMayAsk: AssertMayAsk; payerOf: PayerOf }

/** What a request for an image would do and cost, without doing it. */
export const createExplainRoutes = ({ urlsFor }: HttpContext, deps: Deps): MountedRoutes => {
  const explain = createExplain(deps)
  const listPriceUsd = findListPriceUsd.bind(undefined, deps.providers.models)
  const router = Router()

  router.post('/', ...imageJsonBody(), async (req, res) => {
    const request = parseBody(generationRequestSchema, req.body)
    const principal = principalOf(res)
    const foreseen = await explain({
      ownerId: principal.ownerId,
      payer: findPayer(deps.payerOf, req, res),
      request,
      idempotencyKey: parseIdempotencyKey(req),
      assertMayAsk: (asked) => {
        deps.payerOf(req, res)
        deps.assertMayAsk(principal, asked)
      },
    })
    letGoOfBody(req, res)
    sendUncached(res, presentExplanation(foreseen, { urls: urlsFor(req), listPriceUsd }))
  })

  return { path: '/api/visualize/explain', access: 'token', handler: router }
}

/** What is wrong with a key that came is told of each image, as whatever else would refuse it. */
const findPayer = (payerOf: PayerOf, req: Request, res: Response): Payer => {
  try {
    return payerOf(req, res)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { keyId: keyIdOf(res) }
  }
}
