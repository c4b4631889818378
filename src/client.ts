/** `imageonce/client`: all that an app imports. */
export {
  type CallOptions,
  createImageonceClient,
  type GenerationPage,
  type ImageonceClient,
  type ImageonceClientOptions,
  type ListOptions,
} from './client/client.ts'
export { ImageonceError } from './client/error.ts'
export type { GenerateOptions } from './client/generate.ts'
export {
  extractImageMetadata,
  type ImageMetadata,
  isValidImageUrl,
  shouldSkipImageGeneration,
} from './client/guards.ts'
export type { GenerationResult } from './client/result.ts'
export type { SubscribeOptions } from './client/subscribe.ts'
export {
  logImageGenerationTelemetry,
  type TelemetryData,
  type TelemetryType,
} from './client/telemetry.ts'
export type { TokenSource } from './client/token.ts'
export type { Timeouts } from './client/transport.ts'
export type { UploadOptions } from './client/upload.ts'
export type { Generation } from './contract/generation.ts'
export type { GenerationRequestInput } from './contract/generation-request.ts'
export { createImageIdempotencyKey, type Identity } from './contract/identity.ts'
export type { Image } from './contract/image.ts'
