import { MAX_CONDITION_IMAGES } from '../../contract/limits.ts'
import { aspectRatioSchema, thinkingLevelSchema } from '../../contract/vocabulary.ts'
import type { Provider } from '../../generation/ports.ts'
import { createProviderError } from './provider-error.ts'

const LOCAL_MODEL = 'local-renderer-1'

/**
 * The built-in renderer for trying things out: the prompt's words over a landscape in its colours, made on this machine
 * in well under a second and a half, free, and the same for equal requests. No key, no network, no fonts.
 */
export const createLocalProvider = (): Provider => ({
  name: 'local',
  account: '',
  defaultModel: LOCAL_MODEL,
  models: [
    {
      name: LOCAL_MODEL,
      provider: 'local',
      priceUsd: { '1K': 0, '2K': 0, '4K': 0 },
      aspectRatios: aspectRatioSchema.options,
      maxConditionImages: MAX_CONDITION_IMAGES,
      thinkingLevels: thinkingLevelSchema.options,
      takesSeed: true,
      takesSafetySettings: true,
      takesTurns: true,
    },
  ],
  estimateNanoUsd: () => 0,
  call: async (request, signal) => {
    signal.throwIfAborted()
    try {
      const { renderPicture } = await loadRenderer()
      return { bytes: await renderPicture(request), costNanoUsd: 0 }
    } catch (error) {
      if (request.conditionImages.length === 0) throw error
      const message = 'A condition image could not be drawn.'
      throw createProviderError('invalid_request', message, { cause: error })
    } finally {
      signal.throwIfAborted()
    }
  },
})

// With the first picture: a process that never renders one pays nothing.
const loadRenderer = () => import('./local-picture.ts')
