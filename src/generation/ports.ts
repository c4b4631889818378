import type { Suggestion } from '../../db/generation-tables.ts'
import type { GenerationRow } from '../../db/schema.ts'
import type { ModelInfo } from '../contract/server-info.ts'
import type {
  AspectRatio,
  ImageMimeType,
  ImageSize,
  Lane,
  ProviderName,
  SafetySetting,
  ThinkingLevel,
  Tier,
  Transformation,
  TurnRole,
} from '../contract/vocabulary.ts'
import type { CallReceipt } from '../lib/call-receipt.ts'
import type { NanoUsd } from '../lib/money.ts'
import type { Route } from './routes.ts'
import type { ChangedRow } from './state/apply-transition.ts'
import type { ClaimedRow } from './state/transitions.ts'

/** Encoded image bytes with what they are. */
export type EncodedImage = { bytes: Uint8Array; mimeType: ImageMimeType }

/** What a store keeps: images, thumbnails that may be avif, in the folder `surplus` bytes that do not decode, and the list of erasures. */
export type StoredImage = {
  bytes: Uint8Array
  mimeType: ImageMimeType | 'image/avif' | 'application/octet-stream'
  /** SHA-256 (hex) of `bytes`, where it is known: a store that needs it does not calculate it again. */
  digest?: string | undefined
}

export type OpenedImage = Pick<StoredImage, 'mimeType'> & {
  sizeBytes: number
  stream: NodeJS.ReadableStream & { destroy: () => unknown }
}

/** An image that was decoded and checked, without metadata. */
export type InspectedImage = EncodedImage & {
  width: number
  height: number
  /** Base64 of a ThumbHash. */
  thumbhash: string
  /** SHA-256 (hex) of `bytes`. */
  digest: string
}

/**
 * Decodes an image and cleans it: encodes it anew, or copies what shows it. Throws `AppError` `invalid_image` for what is not
 * a png, jpeg or webp within the limits, `unavailable` when its owner must wait too long. Equal input gives equal output.
 */
export type InspectImage = (bytes: Uint8Array, ownerId?: string) => Promise<InspectedImage>

/** What a picture is recognised by, whatever file it comes in. */
export type PixelPrint = {
  /** SHA-256 (hex) of its size and decoded pixels. */
  pixelDigest: string
  /** 64 digits of 0 and 1, of which few differ between pictures that look alike. */
  perceptualHash: string
}

/** Both take encoded images that were inspected before, and throw as `InspectImage` does. */
export type Recognition = {
  print: (bytes: Uint8Array, ownerId?: string) => Promise<PixelPrint>
  /** True when one is the other after a small recompression. Absent where only equal pixels count. */
  looksSame?: (a: Uint8Array, b: Uint8Array, ownerId?: string) => Promise<boolean>
}

export type ProviderRequest = {
  prompt: string
  transformation: Transformation
  /** In order. */
  conditionImages: readonly StoredImage[]
  model: string
  /** Absent: `standard`. */
  tier?: Tier | undefined
  aspectRatio?: AspectRatio | undefined
  imageSize: ImageSize
  /** Sets the generation apart from others of the same words; the same at each attempt. */
  variation?: string | undefined
  /** What is said beyond these; absent where nothing is. */
  details?: ProviderDetails | undefined
  /** The caller's own key, in place of the server's, where the provider `takesKeys`. */
  apiKey?: string | undefined
  /** What is sent instead of all this, with `{"$image": k}` where the k-th of `images` is to stand. */
  providerRequest?: { body: unknown; images: readonly StoredImage[] } | undefined
}

export type ProviderDetails = {
  negativePrompt?: string | undefined
  seed?: number | undefined
  thinkingLevel?: ThinkingLevel | undefined
  safetySettings?: readonly SafetySetting[] | undefined
  turns?: readonly ProviderTurn[] | undefined
}

/** A part of the conversation before the prompt. */
export type ProviderTurn = {
  role: TurnRole
  text?: string | undefined
  images: readonly StoredImage[]
}

/** What a paid call answered. `bytes` are the provider's own, unchecked. */
export type ProviderResult = {
  bytes: Uint8Array
  /** What else came in the same answer, and is paid for: it stays with the generation. */
  others?: readonly Uint8Array[]
  /** Of all of them together. */
  costNanoUsd: NanoUsd
  /** Absent where nothing is said of a call, as it is free. */
  receipt?: CallReceipt | undefined
  /** The model's words beside the picture. */
  said?: string | undefined
  /**
   * The provider's answer, whole but for the bytes of its pictures: `{"$image": k}` stands for `bytes` (0) and for the k-th of
   * `others`. Pictures that are not among these are left out.
   */
  answer?: unknown
}

export type Provider = {
  name: ProviderName
  /** Whose limits its calls count against: tells one key from another without giving it away. */
  account: string
  defaultModel: string
  models: readonly ModelInfo[]
  /** True where a request may bring a key of its own: one that is not taken would be paid for with the server's. */
  takesKeys?: true
  /** At which it can be asked for an image; absent: at the standard one alone. Whether a model takes a tier, its answer says. */
  tiers?: readonly Tier[]
  /** What one call may cost, as far as that is known before it is sent; at the standard tier unless another is said. */
  estimateNanoUsd(model: string, imageSize: ImageSize, tier?: Tier): NanoUsd
  /**
   * Makes one image with at most one request to the model; never retries. Throws `ProviderError`, or the
   * signal's reason once `signal` is aborted (also when it is aborted already, and then without a request).
   */
  call(request: ProviderRequest, signal: AbortSignal): Promise<ProviderResult>
}

/** Where a call goes: a provider, and which of its models. */
export type Callee = { provider: Provider; model: string }

/** All that make images here: one provider or several. A model's name is of one of them alone. */
export type Providers = {
  list: readonly [Provider, ...Provider[]]
  routes: readonly Route[]
  /** For requests that name none. */
  defaultModel: string
  /** Of all of them, routes too, the default first. */
  models: readonly ModelInfo[]
  find(name: ProviderName): Provider | undefined
}

/** What tells, of a call that failed, a provider that is down from a request that it can't serve. */
export type CallSubject = {
  provider: ProviderName
  model: string
  ownerId: string
  fingerprint: string
  /** Of a caller's own key, where one pays. */
  upstreamAccount?: string | null
}

/**
 * Makes a call, or throws `provider_unavailable` (with `retryAfterMs`) without one while the model is known to be down.
 * `isTrial`: it is known to be down, and this call is to see whether it is back.
 */
export type GuardCall = <T>(
  subject: CallSubject,
  call: (isTrial: boolean) => Promise<T>,
) => Promise<T>

export type ImageStore = {
  kind: 'filesystem' | 's3'
  /** Stores an object whole or not at all, and never overwrites one: `exists` leaves what was there. */
  put(key: string, image: StoredImage): Promise<'stored' | 'exists'>
  /** The object, or undefined when there is none. */
  find(key: string): Promise<StoredImage | undefined>
  /**
   * The object, read only as fast as it is taken; undefined when there is none. To be read to its end or destroyed.
   */
  open?(key: string): Promise<OpenedImage | undefined>
  /** True when there is an object, without its bytes. Throws when the store does not say. */
  has(key: string): Promise<boolean>
  /**
   * All objects whose keys begin with `folder` and a slash, in pages, in no particular order. Throws `AppError`, not retryable where
   * the store refuses to say.
   */
  list(folder: string): AsyncIterable<StoredObject[]>
  /** Removes what writers left half written that died before then; returns how many files there were. */
  removeLeftovers(before: Date): Promise<number>
  /** Safe to repeat; deleting what is not there succeeds. */
  delete(key: string): Promise<void>
  /** A URL that a browser can fetch the object from, and for how long; undefined: serve the bytes yourself. */
  findUrl(key: string): Promise<{ url: string; expiresInSeconds?: number } | undefined>
  /** Resolves when the store answers, throws when it does not. */
  ping(): Promise<void>
  close(): void
}

/** Called when a part fails a generation which goes on all the same. */
export type OnTrouble = (
  generationId: string,
  part: 'spool' | 'store' | 'database' | 'answer',
  error: unknown,
) => void
export type StoredObject = { key: string; sizeBytes: number; modifiedAt: Date }

/** Bytes that were paid for, on local disk before anything else can fail. */
export type Spool = {
  /** Resolves when the result has reached the disk (fsync), whole. */
  write(key: string, result: ProviderResult): Promise<void>
  /** What an earlier attempt of this host wrote, or undefined (also when it is damaged). */
  find(key: string): Promise<ProviderResult | undefined>
  delete(key: string): Promise<void>
}

/** What is in the spool of this host, for maintenance. */
export type SpoolFiles = {
  list(): AsyncIterable<SpoolFile>
  /** Removes a file that is still the one that was listed; false when it was written anew, or is gone. */
  remove(file: SpoolFile): Promise<boolean>
  /** Removes what writers left half written that died before then; returns how many files there were. */
  removeLeftovers(before: Date): Promise<number>
}

/** `key` is undefined for a file that does not say it: damaged, or of a release that did not write it. */
export type SpoolFile = { name: string; key: string | undefined; modifiedAt: Date }

/** An image that was made for another prompt, and how near that prompt is, from 0 to 1. */
export type SimilarMatch = { imageId: string; similarity: number }

/** What comparing prompts came to: an image that is to be reused, or some that are to be named beside the one to make. */
export type Comparison = { match?: SimilarMatch; suggestions?: readonly Suggestion[] }

/**
 * Compares a claimed generation's prompt with its owner's others, and changes nothing of the generation. Throws only when
 * Postgres is away, or the signal's reason; a comparison that takes too long comes to nothing.
 */
export type CompareWithSimilar = (claim: GenerationRow, signal: AbortSignal) => Promise<Comparison>

export type QueuedJob = {
  generationId: string
  lane: Lane
  /** How many of the owner's generations are ahead of this one. */
  place: number
  delayMs?: number
}

/** Hands a generation to the workers. Adding one that is there already changes nothing. */
export type Enqueue = (job: QueuedJob) => Promise<void>

/** Where generations are made in batches of many, at a lower price and hours later. */
export type Batching = {
  /** Whether a person who asks for one that is in a batch has it bought anew. */
  promotion: 'wait' | 'buy'
  /** How long after it was taken into a batch a generation ends at the latest. */
  deadlineMs: number
  /** Puts a claimed generation among those of which a batch is made; undefined for one that is to be called for. */
  gather: (claim: ClaimedRow) => Promise<ChangedRow | undefined>
}
