import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import type { ImageonceClient } from '../../client/client.ts'
import type { Generation } from '../../contract/generation.ts'
import { isImageId } from '../../contract/identity.ts'
import { isTerminal } from '../../contract/status.ts'
import { answerOrExplain } from './answers.ts'
import type { McpDeps } from './deps.ts'
import { answerPicture, describeCost } from './picture.ts'
import { startProgress } from './progress.ts'
import { findId } from './read-image.ts'
import { createWaitSchema } from './wait-seconds.ts'

const inputSchema = z.strictObject({
  image: z
    .string()
    .describe('The id (g_…) or the URL of a picture that was made or is being made.'),
  waitSeconds: createWaitSchema(50),
})

/** `show_image`: a picture that was made before, or is under way. */
export const registerShowImage = (server: McpServer, deps: McpDeps): void => {
  server.registerTool(
    'show_image',
    {
      title: 'Show an image',
      description:
        'Shows a picture that was asked for before, with what it has cost; waits for it where it is still being made. Never pays for anything.',
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ image, waitSeconds }, context) =>
      answerOrExplain(deps.url, async () => {
        const id = isImageId(image) ? image : findId(image)
        const { signal } = context
        const progress = startProgress(context, deps.heartbeatMs)
        try {
          const newest = await followFor(deps.client, id, {
            waitMs: waitSeconds * 1_000,
            signal,
            onState: progress.onState,
          })
          return await answerPicture(deps.url, newest, { paid: describeCost(newest), signal })
        } finally {
          progress.stop()
        }
      }),
  )
}

type FollowOptions = {
  waitMs: number
  signal: AbortSignal
  onState: (generation: Generation) => void
}

/** The generation when it has ended, or when the wait is over. */
const followFor = async (
  client: ImageonceClient,
  id: string,
  { waitMs, signal, onState }: FollowOptions,
): Promise<Generation> => {
  let newest = await client.get(id, { signal })
  if (isTerminal(newest.status) || waitMs === 0) return newest
  const waiting = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
  await new Promise<void>((resolve, reject) => {
    const listen = (generation: Generation) => {
      newest = generation
      onState(generation)
      if (isTerminal(generation.status)) resolve()
    }
    waiting.addEventListener('abort', () => resolve(), { once: true })
    client.subscribe(id, listen, { signal: waiting, onError: reject })
  })
  signal.throwIfAborted()
  return newest
}
