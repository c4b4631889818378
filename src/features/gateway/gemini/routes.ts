import { Router } from 'express'
import { z } from 'zod'
import type { MountedRoutes } from '../../../adapters/http/mounted-routes.ts'
import { jsonBody, parseBody } from '../../../adapters/http/parse-request.ts'
import { MAX_DIALECT_BODY_BYTES } from '../../../contract/limits.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Gateway } from '../gateway.ts'
import { sendAnswer, toBase64 } from '../send-answer.ts'
import { presentProblem } from './present-problem.ts'

const bodySchema = z.object({
  contents: z.tuple([z.object({ parts: z.tuple([z.object({ text: z.string() })]) })]),
})

/** Google's Gemini API. */
export const createGeminiRoutes = ({ ask, readPictures }: Gateway): MountedRoutes => {
  const router = Router()

  router.post('/:version/models/:call', ...jsonBody(MAX_DIALECT_BODY_BYTES), async (req, res) => {
    const model = /^([^:]+):generateContent$/.exec(String(req.params.call))?.[1]
    if (model === undefined) throw new AppError('not_found', 'There is no such method.')
    const answered = await ask(req, res, () => {
      const { contents } = parseBody(bodySchema, req.body)
      return [{ prompt: contents[0].parts[0].text, model }]
    })
    const images = await readPictures(
      res,
      answered.map(({ generation }) => generation),
    )
    const parts = images.map(({ bytes, mimeType }) => ({
      inlineData: { mimeType, data: toBase64(bytes) },
    }))
    const content = { role: 'model', parts }
    sendAnswer(res, { candidates: [{ content, finishReason: 'STOP', index: 0 }] })
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
