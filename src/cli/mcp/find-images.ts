import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import type { ImageonceClient, ListOptions } from '../../client/client.ts'
import type { Generation } from '../../contract/generation.ts'
import { generationStatusSchema } from '../../contract/vocabulary.ts'
import { answerOrExplain, toJson } from './answers.ts'
import type { McpDeps } from './deps.ts'

const PAGE_SIZE = 100
/** How many are looked through for words in one call. */
const MAX_LOOKED_AT = 2_000
const MAX_LIMIT = 50
const SHOWN_PROMPT_CHARACTERS = 300

const timeSchema = z.iso.datetime({ offset: true }).optional()

const inputSchema = z.strictObject({
  words: z
    .string()
    .optional()
    .describe('Words that are all in the prompt, in any order, upper or lower case.'),
  status: generationStatusSchema
    .default('succeeded')
    .describe('Pictures that are there, unless another status is asked for.'),
  from: timeSchema.describe('Asked for at this time or later, as in 2026-11-22T07:53:32Z.'),
  to: timeSchema.describe('Asked for before this time.'),
  model: z.string().optional().describe('Made by this model.'),
  limit: z.int().min(1).max(MAX_LIMIT).default(10).describe('How many to find at most.'),
  cursor: z.string().optional().describe('"nextCursor" of an earlier answer: goes on from there.'),
})
type Input = z.output<typeof inputSchema>

/** `find_images`: the owner's own, newest first. */
export const registerFindImages = (server: McpServer, { client, url }: McpDeps): void => {
  server.registerTool(
    'find_images',
    {
      title: 'Find images',
      description:
        'Lists the pictures that were made before, newest first, with their prompts, URLs and costs; narrowed by words of the prompt, time, model and status. Use it before making a picture that may exist in other words. show_image shows one.',
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (input, { signal }) =>
      answerOrExplain(url, async () => {
        const { found, ...rest } = await find(client, input, signal)
        return toJson({ images: found.map(describe), ...rest })
      }),
  )
}

const find = async (
  client: ImageonceClient,
  { words = '', limit, ...query }: Input,
  signal: AbortSignal,
) => {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const matches = ({ prompt }: Generation) => {
    const text = prompt.toLowerCase()
    return wanted.every((word) => text.includes(word))
  }
  const options: ListOptions = { ...query, limit: wanted.length > 0 ? PAGE_SIZE : limit, signal }
  const found: Generation[] = []
  let lookedAt = 0
  for (;;) {
    const { generations, nextCursor } = await client.list(options)
    found.push(...generations.filter(matches))
    lookedAt += generations.length
    const isEnough = found.length >= limit || lookedAt >= MAX_LOOKED_AT
    if (isEnough || !nextCursor) return { found, lookedAt, nextCursor }
    options.cursor = nextCursor
  }
}

const describe = (generation: Generation) => {
  const { id, status, imageUrl, prompt, aspectRatio, imageSize, variant, costUsd } = generation
  return {
    id,
    status,
    ...(status === 'succeeded' && { url: imageUrl }),
    prompt: cut(prompt),
    aspectRatio,
    imageSize,
    variant,
    model: generation.model,
    costUsd,
    reusedFrom: generation.reuse?.generationId,
    askedAt: generation.createdAt,
    error: generation.error?.message,
  }
}

const cut = (text: string): string =>
  text.length > SHOWN_PROMPT_CHARACTERS ? `${text.slice(0, SHOWN_PROMPT_CHARACTERS)}…` : text
