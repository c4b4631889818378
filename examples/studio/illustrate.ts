import {
  extractImageMetadata,
  type Generation,
  type GenerationResult,
  type ImageonceClient,
  logImageGenerationTelemetry,
  shouldSkipImageGeneration,
} from 'imageonce/client'
import { describePicture, type Post } from './post.ts'

/**
 * How a post came by its picture. By a reuse: `client` is its own guard, which kept the question back. `shared`: a call of this
 * page was under way. `new` and `forced` had it made.
 */
export type Source = NonNullable<Generation['reuse']>['source'] | 'shared' | 'new' | 'forced'

export type Illustration = Pick<Post, 'imageUrl' | 'generationId'> & {
  /** Undefined where no answer came. */
  source?: Source | undefined
  error?: GenerationResult['error']
}

export type Illustrate = (
  post: Post,
  onState: (generation: Generation) => void,
) => Promise<Illustration>

/**
 * Every action calls this, whatever it is about: a post that has its picture keeps it, all others ask for it. Asking twice
 * costs nothing, so nobody has to know who asked before.
 */
export const illustrateOnce = (client: ImageonceClient): Illustrate => {
  const underWay = new Set<string>()
  return async (post, onState) => {
    const { imageUrl, generationId } = post
    if (shouldSkipImageGeneration(imageUrl)) {
      logImageGenerationTelemetry('generation_skipped', { generationId, source: 'client' })
      return { imageUrl, generationId, source: 'client' }
    }
    const request = describePicture(post)
    const key = JSON.stringify(request)
    // The client shares calls of one moment by itself. The set is for the log alone, which names them.
    let source: Source | undefined = underWay.has(key) ? 'shared' : undefined
    underWay.add(key)
    const result = await client
      .generate(request, {
        onState: (generation) => {
          source ??= generation.reuse?.source ?? 'new'
          onState(generation)
        },
      })
      .finally(() => underWay.delete(key))
    return describeResult(result, source)
  }
}

/** What `?guards=off` shows: every action asks for a picture of its own, as apps do that keep no count. */
export const illustrateAnew =
  (client: ImageonceClient): Illustrate =>
  async (post, onState) => {
    const request = { ...describePicture(post), skipExistingCheck: true }
    return describeResult(await client.generate(request, { onState }), 'forced')
  }

/** The placeholder of a failure is neither shown nor kept: `extractImageMetadata` leaves it out. */
const describeResult = (result: GenerationResult, source: Source | undefined): Illustration => {
  const { imageUrl, generationId } = extractImageMetadata(result)
  return { imageUrl, generationId, source, error: result.error }
}
