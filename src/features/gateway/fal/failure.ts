import type { GenerationWithImage } from '../../../generation/state/repository.ts'

/** One thing that is wrong with a request, as FastAPI says it, whose words fal's are. */
export type Detail = { loc: (string | number)[]; msg: string; type: string }

/** Why there is no picture, as `result` throws it. */
export type Failure = {
  status: number
  message: string
  type: string
  body: { detail: string | Detail[] }
}

/** What the model refused, or would refuse again: fal's clients throw a `ValidationError` for it. */
const REFUSALS: readonly string[] = [
  'refused_prompt',
  'refused_image',
  'no_image',
  'invalid_request',
  'invalid_image',
]

/** Of the caller's own key for the provider. */
const OF_KEYS: readonly string[] = ['upstream_key_refused', 'upstream_key_required']

/**
 * Of a generation that has ended without an image. What is no refusal is a 500, which fal's client throws at once: it would ask again in
 * vain for whatever says that it is worth another try, as a result that is there does not change.
 */
export const describeFailure = (
  row: Pick<GenerationWithImage, 'status' | 'errorCode' | 'errorMessage'>,
): Failure => {
  const code = row.errorCode ?? 'internal'
  const message = row.errorMessage ?? 'There is no image.'
  if (row.status === 'canceled') {
    return { status: 400, message, type: 'canceled', body: { detail: message } }
  }
  if (!REFUSALS.includes(code)) {
    const status = OF_KEYS.includes(code) ? 403 : 500
    return { status, message, type: code, body: { detail: message } }
  }
  const isOfImages = code === 'refused_image' || code === 'invalid_image'
  const type = code.startsWith('refused') ? 'content_policy_violation' : code
  const detail = { loc: ['body', isOfImages ? 'image_urls' : 'prompt'], msg: message, type }
  return { status: 422, message, type, body: { detail: [detail] } }
}
