import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { answerOrExplain } from './answers.ts'
import { ask, askedShape, askingAnnotations } from './ask.ts'
import type { McpDeps } from './deps.ts'

const inputSchema = z.strictObject({
  prompt: z
    .string()
    .describe(
      'What the picture shows: subject, surroundings, style, light. Text to be drawn in it goes in quotation marks.',
    ),
  ...askedShape,
})

export const registerMakeImage = (server: McpServer, deps: McpDeps): void => {
  server.registerTool(
    'make_image',
    {
      title: 'Make an image',
      description:
        'Makes a picture from words. Costs money (some cents), unless there is a picture of the same arguments: then that one is the answer. Answers with the picture, its URL, and what was paid.',
      inputSchema,
      annotations: askingAnnotations,
    },
    (asked, context) => answerOrExplain(deps.url, () => ask(deps, asked, context)),
  )
}
