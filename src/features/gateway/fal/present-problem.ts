import type { PresentProblem } from '../../../adapters/http/problem.ts'
import type { Detail } from './failure.ts'
import { TIMEOUT_HEADER } from './target.ts'

/** Our fields in fal's names. */
const NAMES: Readonly<Record<string, string>> = {
  aspectRatio: 'aspect_ratio',
  imageSize: 'resolution',
  negativePrompt: 'negative_prompt',
  conditionImage: 'image_urls',
  conditionImages: 'image_urls',
  outputFormat: 'output_format',
  n: 'num_images',
}

/** fal has these statuses for what its gateway refuses; our other ones are theirs, too. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request: 422,
  malformed_json: 422,
  invalid_image: 422,
  // A budget that is used up is no rate: fal's client would send it again three times.
  budget_exceeded: 403,
}

/** Errors as fal's clients read them: `{detail}`, a list of what is wrong with which field where the status is 422. */
export const presentProblem: PresentProblem = (
  { status, code, detail: message, errors = [], requestId },
  req,
) => {
  const shown = STATUS_OF[code] ?? status
  const details = errors.map(({ pointer, detail }) => toDetail(pointer, detail, code))
  return {
    status: shown,
    headers: {
      'x-fal-request-id': requestId,
      // The client does not send again then what it has said how long it would wait for.
      ...(code === 'timeout' &&
        req.get(TIMEOUT_HEADER) && { 'x-fal-request-timeout-type': 'user' }),
    },
    body: {
      detail: shown === 422 && details.length > 0 ? details : message,
      message,
      code,
    },
  }
}

/** Of a JSON pointer, a query's parameter (`?name`) or a header's name. */
const toDetail = (pointer: string, msg: string, code: string): Detail => {
  if (pointer.startsWith('?')) return { loc: ['query', pointer.slice(1)], msg, type: 'value_error' }
  if (pointer !== '' && !pointer.startsWith('/'))
    return { loc: ['header', pointer], msg, type: 'value_error' }
  const [name = '', ...rest] = pointer.slice(1).split('/')
  const isMissing = /^(is required|must not be empty)/.test(msg)
  const type = isMissing ? 'missing' : code === 'invalid_request' ? 'value_error' : code
  const place = rest.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  return { loc: ['body', ...(name ? [NAMES[name] ?? name] : []), ...place], msg, type }
}
