import type { Request, Response } from 'express'
import type { Reuse } from '../../contract/generation.ts'
import type {
  GenerationRequestInput,
  ProviderRequestInput,
} from '../../contract/generation-request.ts'
import type { StoredImage } from '../../generation/ports.ts'
import type { GenerationWithImage } from '../../generation/state/repository.ts'
import type { Submission } from '../../generation/submit/find-or-create.ts'

/** What every dialect works with. */
export type Gateway = {
  ask: Ask
  askForEnds: AskForEnds
  submit: Submit
  readPictures: ReadPictures
  /** What the provider answered with a generation's image, as it was kept; undefined where that is not on record. */
  readKeptAnswer: (generation: GenerationWithImage) => Promise<unknown>
  /** A picture that came beside a generation's image, by the digest of its bytes; undefined where it is not kept. */
  readSurplus: (generation: GenerationWithImage, digest: string) => Promise<StoredImage | undefined>
  /** Takes the owner's place until the answer is done; `ask` does so itself. Throws `rate_limited` where there is none. */
  holdPlace: (res: Response) => void
}

/**
 * Asks for what `describe` makes of a request, one image for each, and resolves when all are there: the caller is held meanwhile. Who
 * hangs up cancels nothing, and who asks again joins. Sets the headers that tell of reuse,
 * unless the answer has begun.
 * Throws the `AppError` of the first that can't be had: `rate_limited` before anything is asked for where an owner has too many calls
 * open, `timeout` where it takes longer than a call is held, `unavailable` while the server stops; all three may be sent again as they are.
 */
export type Ask = (
  req: Request,
  res: Response,
  describe: () => Wanted[],
  onAsked?: OnAsked,
) => Promise<Answered[]>

/** Called with the generations as soon as they are known, before they are waited for: a dialect may begin its answer then. */
export type OnAsked = (generations: readonly GenerationWithImage[]) => Promise<void>

/**
 * The same where what became of each is the dialect's to tell: `rows` are all of them as they ended, `answered` those that have an
 * image. `timeoutMs`: how long the caller is ready to wait, where that is less than a call is held.
 */
export type AskForEnds = (
  req: Request,
  res: Response,
  describe: () => Wanted[],
  options?: { timeoutMs?: number | undefined; onAsked?: OnAsked | undefined },
) => Promise<{ rows: GenerationWithImage[]; answered: Answered[] }>

/** Asks and waits for nothing, for callers who look again. Sets the headers that tell of reuse, and takes no place. */
export type Submit = (
  req: Request,
  res: Response,
  describe: () => Wanted[],
) => Promise<Submission[]>

/** What a dialect has made of a request: our own, and what only dialects may say. */
export type Wanted = Omit<GenerationRequestInput, 'skipExistingCheck' | 'variant' | 'n'> & {
  /** Which of several of the same request: 1 is the request itself. */
  number?: number
  /** The provider's own request, with `{"$image": k}` where the k-th of `images` (base64) was. */
  providerRequest?: ProviderRequestInput
}

/** An image that was asked for, and what it cost to have it. */
export type Answered = {
  generation: GenerationWithImage
  /** Undefined where the image was made, and paid for, for this very request. */
  reuse: Reuse | undefined
}

/**
 * The bytes of generations' images, for an answer that has them in it: there is room for all of them until the answer is done. Throws
 * `unavailable`, to be sent again, where there is no room, the store does not answer, or it has lost an object: that is made anew then.
 */
export type ReadPictures = (
  res: Response,
  generations: readonly GenerationWithImage[],
) => Promise<StoredImage[]>
