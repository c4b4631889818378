/** `imageonce/client`: all that an app imports. */
export {
  createImageonceClient,
  type GenerationPage,
  type ImageonceClient,
  type ImageonceClientOptions,
  type ListOptions,
  type SummaryOptions,
} from './client/client.ts'
export { ImageonceError } from './client/error.ts'
export type { GenerateOptions, SeveralResults } from './client/generate.ts'
export {
  extractImageMetadata,
  type ImageMetadata,
  isValidImageUrl,
  shouldSkipImageGeneration,
} from './client/guards.ts'
export type { PageOptions } from './client/query.ts'
export type { GenerationResult } from './client/result.ts'
export type { SavedItemPage } from './client/saved-items.ts'
export type { SubscribeOptions } from './client/subscribe.ts'
export {
  logImageGenerationTelemetry,
  type TelemetryData,
  type TelemetryType,
} from './client/telemetry.ts'
export type { TokenSource } from './client/token.ts'
export type { CallOptions, Timeouts } from './client/transport.ts'
export type { UploadOptions } from './client/upload.ts'
export type { AnalyticsSummary } from './contract/analytics.ts'
export type { ExplainedImage, ExplainedLimit, Explanation, Would } from './contract/explanation.ts'
export type { Generation, Reuse, SimilarImage } from './contract/generation.ts'
export type { GenerationRequestInput } from './contract/generation-request.ts'
export { createImageIdempotencyKey, type Identity } from './contract/identity.ts'
export type { Image } from './contract/image.ts'
export type { Asking, Receipt, Sibling } from './contract/receipt.ts'
export type { NewSavedItemInput, SavedItem, SavedItemChanges } from './contract/saved-item.ts'
export type { Feedback } from './contract/similarity.ts'
export type { Spending } from './contract/spending.ts'
