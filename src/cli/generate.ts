import { readFile } from 'node:fs/promises'
import type { Config } from '../app/config.ts'
import { createImageonceClient } from '../client/client.ts'
import type { GenerationResult } from '../client/result.ts'
import type { Generation } from '../contract/generation.ts'
import type { GenerationRequestInput } from '../contract/generation-request.ts'
import type { AspectRatio, ImageSize } from '../contract/vocabulary.ts'
import { StartError } from '../lib/errors.ts'
import { assertSavable, saveImage } from './save-image.ts'
import { developmentToken } from './token.ts'

export type GenerateOptions = {
  condition?: string
  enhance: boolean
  aspect?: AspectRatio
  size?: ImageSize
  model?: string
  force: boolean
  out?: string
}

/** A server that does not answer is most likely not running, and the person who typed the command waits. */
const GIVE_UP_MS = 2_000

/**
 * Submits a prompt to a running server, shows each state on standard error and the image's URL on standard
 * output. Throws `StartError` with the reason when there is no image.
 */
export const runGenerate = async (
  { url, token: given }: { url: string; token: string | undefined },
  readConfig: () => Config,
  prompt: string,
  options: GenerateOptions,
): Promise<void> => {
  if (options.out) await assertSavable(options.out)
  const token = given ?? (await developmentToken(readConfig()))
  const client = createImageonceClient({
    baseUrl: url,
    token: () => token,
    timeouts: { giveUpMs: GIVE_UP_MS },
    telemetry: false,
  })
  const request = await describeRequest(prompt, options)
  const result = await client.generate(request, { onState: showChanges() })
  if (result.status !== 'succeeded') throw new StartError(explain(url, result))
  if (options.out) await saveImage(result.imageUrl, options.out)
  console.log(result.imageUrl)
}

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

const explain = (url: string, { id, status, error }: GenerationResult): string => {
  if (error?.code === 'unreachable') {
    return `No server answers at ${url}. Start one with: npm start`
  }
  const reason = `${error?.message ?? ''} (${error?.code ?? 'no reason given'})`
  return id ? `${status}: ${reason}` : reason
}

const showChanges = () => {
  let shown: string | undefined
  return (generation: Generation): void => {
    if (generation.status !== shown) show(generation)
    shown = generation.status
  }
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
