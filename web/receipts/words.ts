import type { AskingKind } from '../../src/contract/receipt.ts'
import type { ForcedBy } from '../../src/contract/vocabulary.ts'
import { formatCount } from '../parts/format.ts'
import type { IconName } from '../parts/icon.tsx'

type Words = { name: string; icon: IconName; tone: 'paid' | 'free' | 'none'; explains: string }

/** How each kind of asking is spoken of. */
export const kindWords: Record<AskingKind, Words> = {
  paid: { name: 'Paid', icon: 'coins', tone: 'paid', explains: 'the model was called' },
  forced: {
    name: 'Forced',
    icon: 'again',
    tone: 'paid',
    explains: 'another image was wanted, though there was one',
  },
  declined: {
    name: 'Declined',
    icon: 'cross',
    tone: 'paid',
    explains: 'the similar image was not wanted, and one of its own made',
  },
  unpaid: {
    name: 'Asked for',
    icon: 'clock',
    tone: 'none',
    explains: 'no call was charged',
  },
  exact: { name: 'Reused', icon: 'check', tone: 'free', explains: 'the image existed' },
  joined: { name: 'Joined', icon: 'check', tone: 'free', explains: 'the image was on its way' },
  similar: {
    name: 'Similar',
    icon: 'similar',
    tone: 'free',
    explains: 'it stood in for nearly the same words',
  },
  client: {
    name: 'In the app',
    icon: 'check',
    tone: 'free',
    explains: 'the app had the image, and did not ask',
  },
}

const viaWords: Record<ForcedBy['via'], string> = {
  dashboard: 'from the dashboard',
  api: 'through the API',
  gemini: 'through the Gemini API',
  openai: 'through the OpenAI API',
  fal: 'through the fal API',
}

/** By whom and from where: by operator ops, from the dashboard. */
export const describeForcedBy = ({ who, id, name, via }: ForcedBy): string => {
  const whom =
    who === 'key'
      ? `by the key “${name ?? id}”`
      : who === 'operator'
        ? `by the operator ${id ?? ''}`
        : 'by its owner'
  return `${whom.trim()}, ${viaWords[via]}`
}

/** 1 request, 14 requests. */
export const countOf = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`
