/** Where a client is pointed: the service's address without a slash at the end, and an owner's key. */
export type Target = { url: string; key: string }

/** What an app wants of a client. */
export type Ask = {
  words: string
  /** A wide picture; a large one; as the client says it. */
  isWide?: boolean
  isLarge?: boolean
  /** Pictures to start from, as PNG, in order. */
  photos?: readonly Uint8Array[]
  /** How many pictures of the words, where it is more than one. */
  count?: number
  /** Sets this wish apart from another one of the same words. */
  variant?: string
  signal?: AbortSignal
}

export const WHATS = [
  'a picture',
  'wide',
  'large',
  'an edit',
  'an edit of three',
  'three of the same words',
  'another picture of the same words',
  'a stream',
  'hanging up, asking again',
  'a refusal',
  'a budget used up',
  'the model down',
  'a wrong key',
] as const
/** What apps do with a client of images. */
export type What = (typeof WHATS)[number]

/** An error as the client's own code throws it. `status`: where it carries one. */
export type ExpectedError = { name: string; status?: number }

export type Failing = Extract<
  What,
  'a refusal' | 'a budget used up' | 'the model down' | 'a wrong key'
>

/** An SDK, unmodified, as an app uses it: only the address and the key are ours. */
export type Client = {
  name: string
  /** Whose versions are told, the client's own first. */
  packages: readonly string[]
  /** Its page under `docs/drop-in/`. */
  page: string
  make: (target: Target, ask: Ask) => Promise<readonly Uint8Array[]>
  stream?: (target: Target, ask: Ask) => Promise<readonly Uint8Array[]>
  /** What it throws. */
  errors: Record<Failing, ExpectedError>
  /** True where it sends equal requests at the same moment for several pictures of the same words. */
  asksInParallel?: boolean
  /** Why something can't be done with it. */
  lacks?: Partial<Record<What, string>>
}

export const fromBase64 = (text: string | undefined | null): Uint8Array => {
  if (!text) throw new Error('the answer has no picture')
  return Buffer.from(text, 'base64')
}

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** A picture as a part of Gemini's. */
export const toInlinePart = (bytes: Uint8Array) => ({
  inlineData: { mimeType: 'image/png', data: toBase64(bytes) },
})

export const fetchPicture = async (url: string | undefined): Promise<Uint8Array> => {
  if (!url) throw new Error('the answer has no address of a picture')
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${response.status} from the address of a picture`)
  return new Uint8Array(await response.arrayBuffer())
}

export const variantHeader = ({ variant }: Ask): Record<string, string> =>
  variant === undefined ? {} : { 'Imageonce-Variant': variant }
