import type { ErrorCode } from '../../../src/lib/errors.ts'
import type { GeminiBehaviour } from '../../support/gemini-behaviour.ts'
import { pictureOf } from '../provider.ts'

export type ProviderCase = {
  /** What the provider does with the first call for a prompt, the second and so on; the last for all that follow. */
  steps: (prompt: string) => GeminiBehaviour[]
  /** As many as the rule of its outcome allows, written down here a second time on purpose. */
  calls: number
  end: 'succeeded' | ErrorCode
  /** Where the provider falls silent, so that the worker has to give it up. */
  isSilent?: true
}

const ONCE = 1
/** What may have been charged and is lost is paid for once more. */
const LOST = 2
/** What was turned away is free. */
const FREE = 6

const always = (behaviour: GeminiBehaviour) => () => [behaviour]
const thenPicture = (behaviour: GeminiBehaviour) => (prompt: string) => [
  behaviour,
  pictureOf(prompt),
]

export const providerCases: Record<string, ProviderCase> = {
  picture: { steps: (prompt) => [pictureOf(prompt)], calls: ONCE, end: 'succeeded' },
  'late picture': { steps: (prompt) => [pictureOf(prompt, 200)], calls: ONCE, end: 'succeeded' },
  rate_limited: {
    steps: always({ kind: 'rate_limited', retryDelay: '0.05s' }),
    calls: FREE,
    end: 'rate_limited',
  },
  overloaded: { steps: always({ kind: 'overloaded' }), calls: FREE, end: 'overloaded' },
  server_error: { steps: always({ kind: 'server_error' }), calls: LOST, end: 'ambiguous' },
  bad_gateway: { steps: always({ kind: 'bad_gateway' }), calls: LOST, end: 'ambiguous' },
  gateway_timeout: { steps: always({ kind: 'gateway_timeout' }), calls: LOST, end: 'ambiguous' },
  reset_before_response: {
    steps: always({ kind: 'reset_before_response' }),
    calls: LOST,
    end: 'ambiguous',
  },
  reset_mid_body: { steps: always({ kind: 'reset_mid_body' }), calls: LOST, end: 'ambiguous' },
  garbage_body: { steps: always({ kind: 'garbage_body' }), calls: LOST, end: 'ambiguous' },
  hang: { steps: always({ kind: 'hang' }), calls: LOST, end: 'timeout', isSilent: true },
  stalled_body: {
    steps: always({ kind: 'stalled_body' }),
    calls: LOST,
    end: 'timeout',
    isSilent: true,
  },
  slow_body: {
    steps: always({ kind: 'slow_body', bytesPerSecond: 20 }),
    calls: LOST,
    end: 'timeout',
    isSilent: true,
  },
  bad_request: { steps: always({ kind: 'bad_request' }), calls: ONCE, end: 'invalid_request' },
  key_invalid: { steps: always({ kind: 'key_invalid' }), calls: ONCE, end: 'unauthorized' },
  forbidden: { steps: always({ kind: 'forbidden' }), calls: ONCE, end: 'unauthorized' },
  not_found: { steps: always({ kind: 'not_found' }), calls: ONCE, end: 'model_gone' },
  prompt_blocked: { steps: always({ kind: 'prompt_blocked' }), calls: ONCE, end: 'refused_prompt' },
  withheld: {
    steps: always({ kind: 'finish', finishReason: 'IMAGE_SAFETY' }),
    calls: ONCE,
    end: 'refused_image',
  },
  text_only: { steps: always({ kind: 'text_only' }), calls: ONCE, end: 'no_image' },
  empty: { steps: always({ kind: 'empty' }), calls: ONCE, end: 'no_image' },
  drafts_only: { steps: always({ kind: 'drafts_only' }), calls: ONCE, end: 'no_image' },
  not_an_image: { steps: always({ kind: 'not_an_image' }), calls: ONCE, end: 'no_image' },
  'overloaded once': { steps: thenPicture({ kind: 'overloaded' }), calls: 2, end: 'succeeded' },
  'hangs once': {
    steps: thenPicture({ kind: 'hang' }),
    calls: 2,
    end: 'succeeded',
    isSilent: true,
  },
  'resets once': { steps: thenPicture({ kind: 'reset_mid_body' }), calls: 2, end: 'succeeded' },
}
