import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { MAX_CONDITION_IMAGES } from '../../contract/limits.ts'
import { answerOrExplain } from './answers.ts'
import { ask, askedShape, askingAnnotations } from './ask.ts'
import type { McpDeps } from './deps.ts'
import { readImage } from './read-image.ts'

const inputSchema = z.strictObject({
  images: z
    .array(z.string())
    .min(1)
    .max(MAX_CONDITION_IMAGES)
    .describe(
      'The pictures to go by, in the order in which the prompt speaks of them. Each is the path of a png, jpeg or webp file on this computer, the URL of an image of this imageonce server, or an id (g_… or i_…).',
    ),
  prompt: z
    .string()
    .describe('What to change or to make of the pictures; say also what is to stay as it is.'),
  enhance: z
    .boolean()
    .default(false)
    .describe('True makes the first picture itself better: sharper, cleaner, of the same motif.'),
  ...askedShape,
})

export const registerEditImage = (server: McpServer, deps: McpDeps): void => {
  server.registerTool(
    'edit_image',
    {
      title: 'Edit images, or make one from them',
      description:
        'Makes a new picture out of one or more pictures and words: changes something, puts things together, carries a style over. The given pictures stay as they are. Costs and answers as make_image does.',
      inputSchema,
      annotations: askingAnnotations,
    },
    ({ images, enhance, ...asked }, context) =>
      answerOrExplain(deps.url, async () => {
        const conditionImages = await Promise.all(images.map(readImage))
        const transformation = enhance ? 'enhance' : 'generate'
        return ask(deps, { ...asked, conditionImages, transformation }, context)
      }),
  )
}
