import { readFile } from 'node:fs/promises'
import { readServerSentEvents } from '../client/event-stream.ts'
import type { Config } from '../config.ts'
import type { Generation } from '../contract/generation.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import type { Problem } from '../contract/problem.ts'
import type { AspectRatio, ImageSize } from '../contract/vocabulary.ts'
import { StartError } from '../errors.ts'
import { resolveSecrets } from '../secrets.ts'
import { saveImage } from './save-image.ts'
import { signToken } from './token.ts'

export type GenerateOptions = {
  condition?: string
  enhance: boolean
  aspect?: AspectRatio
  size?: ImageSize
  model?: string
  force: boolean
  out?: string
}

type Server = { url: string; token: string }

/**
 * Submits a prompt to a running server, shows each state on standard error and the image's URL on standard
 * output. Throws `StartError` with the reason when there is no image.
 */
export const runGenerate = async (
  { url, token }: { url: string; token: string | undefined },
  readConfig: () => Config,
  prompt: string,
  options: GenerateOptions,
): Promise<void> => {
  const server = { url, token: token ?? (await developmentToken(readConfig())) }
  const request = await describeRequest(prompt, options)
  const generation = await follow(server, await submit(server, request))
  if (generation.status !== 'succeeded') {
    const { error } = generation
    throw new StartError(
      `${generation.status}: ${error?.message ?? ''} (${error?.code ?? 'no reason given'})`,
    )
  }
  if (options.out) await saveImage(generation.imageUrl, options.out)
  console.log(generation.imageUrl)
}

/** The token of the server that `imageonce start` runs on the same data. */
const developmentToken = async (config: Config): Promise<string> =>
  signToken(await resolveSecrets(config), { owner: 'dev', admin: false, days: 1 })

const describeRequest = async (
  prompt: string,
  { condition, enhance, aspect, size, model, force }: GenerateOptions,
): Promise<GenerationRequestInput> => ({
  prompt,
  transformation: enhance ? 'enhance' : 'generate',
  skipExistingCheck: force,
  ...(condition && { conditionImage: await readBase64(condition) }),
  ...(aspect && { aspectRatio: aspect }),
  ...(size && { imageSize: size }),
  ...(model && { model }),
})

const readBase64 = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'base64')
  } catch (error) {
    throw new StartError(`Can't read ${file}: ${(error as Error).message}`)
  }
}

const submit = async (server: Server, request: GenerationRequestInput): Promise<Generation> => {
  const response = await call(server, `${server.url}/api/visualize/generate`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  })
  const generation = (await response.json()) as Generation
  show(generation)
  return generation
}

const follow = async (server: Server, submitted: Generation): Promise<Generation> => {
  let newest = submitted
  while (newest.status === 'queued' || newest.status === 'running') {
    const response = await call(server, newest.urls.events)
    for await (const { event, data } of readServerSentEvents(response)) {
      newest = (data as { generation: Generation }).generation
      if (event !== 'snapshot') show(newest)
    }
  }
  return newest
}

const call = async (server: Server, url: string, init: RequestInit = {}): Promise<Response> => {
  const headers = { ...init.headers, Authorization: `Bearer ${server.token}` }
  const response = await fetch(url, { ...init, headers }).catch(() => {
    throw new StartError(`No server answers at ${server.url}. Start one with: npm start`)
  })
  if (response.ok) return response
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>
  throw new StartError(
    `${problem.detail ?? response.statusText} (${problem.code ?? response.status})`,
  )
}

const show = ({ status, reuse, queuePosition, error, note, id }: Generation): void => {
  const details = [
    reuse && `reused (${reuse.source}), saved $${reuse.savedUsd.toFixed(4)}`,
    status === 'queued' && queuePosition && `place ${queuePosition}`,
    error && `${error.code}: ${error.message}`,
    status === 'succeeded' && note,
  ].filter(Boolean)
  console.error(`${status.padEnd(10)}${[id, ...details].join('  ')}`)
}
