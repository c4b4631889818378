import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { HttpContext } from '../../../adapters/http/http-context.ts'
import type { MountedRoutes } from '../../../adapters/http/mounted-routes.ts'
import { jsonTextBody } from '../../../adapters/http/parse-request.ts'
import { MAX_DIALECT_BODY_BYTES } from '../../../contract/limits.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Gateway } from '../gateway.ts'
import { sendAnswer } from '../send-answer.ts'
import { createPassThrough, type PassThroughDeps } from './pass-through.ts'
import {
  type GeminiDeps as Models,
  type Plan,
  planCall,
  toUpstream,
  versionOf,
} from './plan-call.ts'
import { presentProblem } from './present-problem.ts'
import { presentRefusal } from './present-refusal.ts'
import { readAnswer } from './read-answer.ts'
import { sendInForm } from './send.ts'
import type { Upstream } from './upstream.ts'

/** `upstream`: absent where this server draws pictures itself. */
export type GeminiDeps = Models & { upstream: Upstream | undefined }

/** Google's Gemini API: what asks for a picture is made once, everything else is handed on (ADR 70). */
export const createGeminiRoutes = (
  http: HttpContext,
  gateway: Gateway,
  deps: GeminiDeps,
  passing: PassThroughDeps,
): MountedRoutes => {
  const { upstream, models } = deps
  const router = Router()
  const passThrough = upstream && createPassThrough(http, passing, upstream)
  const requirePassThrough = () => passThrough ?? refuseToPass()

  router.post(
    '/:version/models/:call',
    ...jsonTextBody(MAX_DIALECT_BODY_BYTES),
    async (req, res) => {
      const plan = planCall(deps, req)
      if (plan.kind === 'pass-free') return requirePassThrough().passFree(res, plan.request)
      if (plan.kind === 'pass') return requirePassThrough().passPaid(res, plan.call)
      await make(gateway, req, res, plan)
    },
  )

  const list: RequestHandler = async (req, res) => {
    const path = `${versionOf(req)}/models`
    if (passThrough) return passThrough.passFree(res, toUpstream(req, path))
    sendAnswer(res, { models: models.map(describeModel) })
  }
  router.get('/:version/models', list)

  router.get('/:version/models/:model', async (req, res) => {
    const model = String(req.params.model)
    const path = `${versionOf(req)}/models/${encodeURIComponent(model)}`
    if (passThrough) return passThrough.passFree(res, toUpstream(req, path))
    if (!models.includes(model)) {
      throw new AppError(
        'not_found',
        `models/${model} is not found: there is ${models.join(', ')}.`,
      )
    }
    sendAnswer(res, describeModel(model))
  })

  return {
    path: '/gemini',
    access: 'token',
    handler: router,
    presentProblem,
    findSecret: ({ query }) => (typeof query.key === 'string' ? query.key : undefined),
    maxBodyBytes: MAX_DIALECT_BODY_BYTES,
  }
}

/** A refusal is an answer, as Google has it. What was asked for is not held while it is waited for. */
const make = async (
  gateway: Gateway,
  req: Request,
  res: Response,
  plan: Plan & { kind: 'make' },
): Promise<void> => {
  const { form, isImageOnly } = plan
  const asked = [plan.wanted]
  const [answered] = await gateway
    .ask(req, res, () => asked.splice(0))
    .catch((error: unknown) => {
      const refusal = presentRefusal(error)
      if (!refusal) throw error
      sendInForm(res, form, refusal)
      return []
    })
  if (!answered) return
  sendInForm(res, form, await readAnswer(gateway, res, answered.generation, isImageOnly))
}

const describeModel = (name: string) => ({
  name: `models/${name}`,
  displayName: name,
  supportedGenerationMethods: ['generateContent', 'streamGenerateContent'],
})

const refuseToPass = (): never => {
  throw new AppError(
    'invalid_request',
    'This server has no key of Gemini: it draws pictures itself, and can answer nothing else. Ask for one picture, without tools, files of Google’s and further candidates.',
  )
}
