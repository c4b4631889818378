'use client'

export type { DeclaredRequest, GenerationState } from './react/asking.ts'
/** `imageonce/react`: what React apps import beside `imageonce/client`. */
export { ImageonceProvider, type ImageonceProviderProps } from './react/client-context.ts'
export { GeneratedImage, type GeneratedImageProps } from './react/generated-image.tsx'
export {
  type GenerationHandle,
  type UseGenerationOptions,
  useGeneration,
} from './react/use-generation.ts'
