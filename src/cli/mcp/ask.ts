import { z } from 'zod'
import type { GenerationRequestInput } from '../../contract/generation-request.ts'
import { MAX_VARIANT_CHARACTERS } from '../../contract/limits.ts'
import { aspectRatioSchema, imageSizeSchema } from '../../contract/vocabulary.ts'
import type { McpDeps } from './deps.ts'
import { answerPicture, describePayment } from './picture.ts'
import { type CallContext, startProgress } from './progress.ts'
import { createWaitSchema } from './wait-seconds.ts'

/** What both tools take that ask for a picture. */
export const askedShape = {
  aspectRatio: aspectRatioSchema
    .optional()
    .describe(
      'Width to height. Without it the model chooses: mostly a square, or the shape of the given picture.',
    ),
  imageSize: imageSizeSchema
    .optional()
    .describe(
      '1K (the default) is about a megapixel. 2K and 4K cost more: only where the user needs them.',
    ),
  model: z
    .string()
    .optional()
    .describe('Only where the user names one; the imageonce server has a default.'),
  variant: z
    .string()
    .max(MAX_VARIANT_CHARACTERS)
    .optional()
    .describe(
      'A label, such as "2", that makes this a picture of its own among several of the same words. The same label again is the same picture.',
    ),
  another: z
    .boolean()
    .default(false)
    .describe(
      'True pays for a new picture although there is one of these arguments. Only when the user asks for another one.',
    ),
  waitSeconds: createWaitSchema(50),
}

type Asked = Omit<GenerationRequestInput, 'skipExistingCheck'> & {
  another: boolean
  waitSeconds: number
}

/** Nothing but asking with `another` has a further effect when it is repeated. */
export const askingAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: true,
}

/**
 * Asks for a picture and answers with it, telling the host meanwhile how it comes along. A host that cancels ends the wait alone:
 * it may have run out of patience, and a picture that is paid for should be there when it asks again.
 */
export const ask = async (
  { client, url, heartbeatMs }: McpDeps,
  { another, waitSeconds, ...request }: Asked,
  context: CallContext,
) => {
  const { signal } = context
  const progress = startProgress(context, heartbeatMs)
  try {
    const result = await client.generate(
      { ...request, skipExistingCheck: another },
      { wait: waitSeconds * 1_000, signal, onState: progress.onState },
    )
    return await answerPicture(url, result, { paid: describePayment(result), signal })
  } finally {
    progress.stop()
  }
}
