import type { Client, Target, What } from './client.ts'

/** What came of a call: the pictures that the app got, or what the client threw. */
export type Outcome = { pictures: readonly Uint8Array[] } | { error: unknown }

/** Where calls go, and with what. */
export type Grounds = {
  url: string
  keys: {
    /** May ask for anything. */
    rich: string
    /** Equal calls with it at the same moment are wishes for different pictures. */
    parallel: string
    /** Its budget is used up. */
    poor: string
  }
  /** To edit, as PNG. */
  photos: readonly Uint8Array[]
}

/** A call as every client makes it. */
export type Call = {
  what: What
  /** How many pictures it pays for when it is made for the first time. */
  pays: number
  run: (client: Client, grounds: Grounds, words: string) => Promise<readonly Uint8Array[]>
}

const richOf = ({ url, keys }: Grounds): Target => ({ url, key: keys.rich })

const ask =
  (wish: (grounds: Grounds) => object, keyOf = richOf): Call['run'] =>
  (client, grounds, words) =>
    client.make(keyOf(grounds), { words, ...wish(grounds) })

const withKey = (name: keyof Grounds['keys']) => (grounds: Grounds) => ({
  url: grounds.url,
  key: grounds.keys[name],
})

/** Some words tell the model's stand-in how to behave (`service.ts`). */
export const calls: readonly Call[] = [
  { what: 'a picture', pays: 1, run: ask(() => ({})) },
  { what: 'wide', pays: 1, run: ask(() => ({ isWide: true })) },
  { what: 'large', pays: 1, run: ask(() => ({ isLarge: true })) },
  { what: 'an edit', pays: 1, run: ask(({ photos }) => ({ photos: photos.slice(0, 1) })) },
  { what: 'an edit of three', pays: 1, run: ask(({ photos }) => ({ photos })) },
  {
    what: 'three of the same words',
    pays: 3,
    run: (client, grounds, words) => {
      const keyOf = withKey(client.asksInParallel ? 'parallel' : 'rich')
      return client.make(keyOf(grounds), { words, count: 3 })
    },
  },
  {
    what: 'another picture of the same words',
    pays: 2,
    run: async (client, grounds, words) => [
      ...(await client.make(richOf(grounds), { words })),
      ...(await client.make(richOf(grounds), { words, variant: 'another' })),
    ],
  },
  {
    what: 'a stream',
    pays: 1,
    run: async (client, grounds, words) => {
      if (!client.stream) throw new Error('it has no stream, and does not say why')
      return client.stream(richOf(grounds), { words })
    },
  },
  { what: 'hanging up, asking again', pays: 1, run: hangUpAndAskAgain },
  { what: 'a refusal', pays: 0, run: ask(() => ({})) },
  { what: 'a budget used up', pays: 0, run: ask(() => ({}), withKey('poor')) },
  { what: 'the model down', pays: 0, run: ask(() => ({})) },
  {
    what: 'a wrong key',
    pays: 0,
    run: ask(
      () => ({}),
      ({ url }) => ({ url, key: WRONG_KEY }),
    ),
  },
]

const WRONG_KEY = `io_${'0'.repeat(48)}`

async function hangUpAndAskAgain(client: Client, grounds: Grounds, words: string) {
  const signal = AbortSignal.timeout(HANG_UP_MS)
  await client.make(richOf(grounds), { words, signal }).catch(() => {})
  return client.make(richOf(grounds), { words })
}

/** Less than the stand-in takes for a slow picture. */
const HANG_UP_MS = 300
