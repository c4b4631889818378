import { inLanes } from '../../chaos/in-lanes.ts'
import { createRandom } from '../../chaos/random.ts'
import { atMost, type Check, exactly, figure, toResult } from '../../chaos/result.ts'
import { countOf, type Plan } from '../../chaos/scenario.ts'
import { settle } from '../../chaos/settle.ts'
import { answerOf } from '../../support/gemini-answers.ts'
import type { Told } from '../ask.ts'
import type { Attack } from '../attack.ts'
import { withBystander } from '../bystander.ts'
import { type Base, makeBases } from '../images/bases.ts'
import { createFindBomb } from '../images/bombs.ts'
import { MARK, mutateImage } from '../images/mutate-image.ts'
import { findProblemFault } from '../problems.ts'
import { createChoose } from '../requests/choose.ts'
import { readPeakRssMb, type Target } from '../target.ts'
import { signJwt } from '../tokens/sign.ts'

/** As many as are decoded at once, so that none waits for its turn. */
const LANES = 2
const SEEDS_APART = 1_000_003
/** One in so many is a bomb, which costs seconds. */
const BOMB_EVERY = 100
/** What a piece of work on a picture may take (`lib/images.ts`), and an upload is three: clean, hash, recognise. */
const MAX_UPLOAD_MS = 3 * 20_000
const MAX_WORKER_RSS_MB = 768
const SETTLE_MS = 600_000

type Way = 'uploads' | 'condition images' | 'answers of the model'

/** In these shares. */
const WAYS: readonly Way[] = [
  'uploads',
  'uploads',
  'uploads',
  'condition images',
  'answers of the model',
]

/** Pictures that are made to break a decoder, by every way that they can come in: each is taken or refused in time. */
export const images: Attack = {
  name: 'images',
  run: async (target, plan) => {
    const count = countOf(plan, { full: 10_000, short: 24 })
    const { makeNth } = await createImages(plan)
    const faults: string[] = []
    const outcomes = new Map<string, number>()
    const add = (what: string) => outcomes.set(what, (outcomes.get(what) ?? 0) + 1)
    let longestMs = 0

    const worker = await target.stack.startWorker()
    await worker.untilReady()
    target.stack.provider.behave(async ({ prompt }) => {
      const { bytes } = await makeNth(Number(/#(\d+)/.exec(prompt)?.[1]))
      const inlineData = { mimeType: 'image/png', data: bytes.toString('base64') }
      return { kind: 'raw', status: 200, json: answerOf([{ inlineData }]) }
    })
    const senders = createSenders(target)
    const sendNth = async (n: number) => {
      const way = WAYS[n % WAYS.length] ?? 'uploads'
      const image = await makeNth(n)
      const told = await senders[way](n, image)
      longestMs = Math.max(longestMs, told.ms)
      add(`${way} ${told.status}`)
      for (const fault of await findFaults(target, told)) {
        faults.push(`#${n} ${way}, ${image.name}: ${fault}`)
      }
    }
    const ofOthers = await withBystander(target, plan, () =>
      inLanes(LANES, [...Array(count).keys()], sendNth),
    )
    await settle(target.stack, SETTLE_MS)
    const line = { scenario: 'images', backend: target.stack.backend }
    const checks: Check[] = [
      figure('pictures', count),
      ...[...outcomes].sort().map(([what, times]) => figure(`${what} ×`, times)),
      ...(await checkBought(target)),
      // How long something takes is a matter of the machine in a test.
      ...(plan.form === 'full'
        ? [atMost('longest (ms)', Math.round(longestMs), MAX_UPLOAD_MS)]
        : []),
      atMost('RSS of the worker (MB)', await readPeakRssMb(worker.pid), MAX_WORKER_RSS_MB),
      exactly('wrong answers', faults.length, 0),
      ...ofOthers,
      ...(await target.checkStanding()),
    ]
    await worker.kill()
    const details = [...faults.slice(0, 40), ...target.describeTrouble()]
    return [toResult(line, `hostile, seed ${plan.seed}`, checks, details)]
  },
}

/** The same picture for the same number. */
const createImages = async (plan: Plan) => {
  const bases = await makeBases()
  const findBomb = createFindBomb()
  const makeNth = async (n: number): Promise<Base> => {
    const choose = createChoose(createRandom(plan.seed * SEEDS_APART + n))
    if (n % BOMB_EVERY === 0) return findBomb(n / BOMB_EVERY)
    return mutateImage(choose, bases)
  }
  return { makeNth }
}

const OWNERS = 20
const TYPES = ['image/png', 'image/jpeg', 'image/webp']

const createSenders = ({
  ask,
  secrets,
}: Target): Record<Way, (n: number, image: Base) => Promise<Told>> => {
  const authorize = async (n: number) => {
    const token = await signJwt(secrets.AUTH_JWT_SECRET, { sub: `painter-${n % OWNERS}` })
    return { authorization: `Bearer ${token}` }
  }
  const generate = async (n: number, body: object) =>
    ask({
      method: 'POST',
      path: '/api/visualize/generate',
      headers: { ...(await authorize(n)), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return {
    uploads: async (n, { bytes }) =>
      ask({
        method: 'POST',
        path: '/api/images',
        headers: { ...(await authorize(n)), 'content-type': TYPES[n % TYPES.length] },
        body: bytes,
      }),
    'condition images': (n, { bytes }) =>
      generate(n, { prompt: `painted over #0 ${n}`, conditionImage: bytes.toString('base64') }),
    'answers of the model': (n) => generate(n, { prompt: `hostile #${n}` }),
  }
}

const REFUSALS = ['invalid_image', 'payload_too_large', 'unavailable']

const findFaults = async ({ ask }: Target, told: Told): Promise<string[]> => {
  const { status, text } = told
  const fault = findProblemFault(told)
  if (fault) return [fault]
  const body = JSON.parse(text) as { code?: string; imageUrl?: string }
  if (status >= 400) return REFUSALS.includes(body.code ?? '') ? [] : [`${status} ${text}`]
  if (status !== 201) return []
  const { pathname } = new URL(body.imageUrl ?? '')
  const served = await ask({ method: 'GET', path: pathname })
  const isClean = served.status === 200 && !served.text.includes(MARK)
  const { 'content-type': type = '', 'x-content-type-options': sniffing } = served.headers
  if (isClean && TYPES.includes(type) && sniffing === 'nosniff') return []
  return [`is served as ${served.status} ${type} ${sniffing}, with what came with it`]
}

/** What the model answered is an image or kept as it came, and every generation has its end. */
const checkBought = async ({ stack: { db } }: Target): Promise<Check[]> => {
  const rows = await db
    .selectFrom('generations as g')
    .select(['g.status', 'g.errorCode'])
    .select((eb) =>
      eb
        .selectFrom('surplusObjects as s')
        .whereRef('s.generationId', '=', 'g.id')
        .select((inner) => inner.fn.countAll<string>().as('count'))
        .as('kept'),
    )
    .where('g.prompt', 'like', 'hostile #%')
    .execute()
  const failed = rows.filter(({ status }) => status === 'failed')
  const isKept = ({ errorCode, kept }: (typeof rows)[number]) =>
    errorCode === 'no_image' && Number(kept) > 0
  const others = rows.filter(({ status }) => status !== 'failed' && status !== 'succeeded')
  return [
    figure('of the model: made', rows.length - failed.length - others.length),
    figure('kept as it came', failed.filter(isKept).length),
    exactly('neither', failed.filter((row) => !isKept(row)).length + others.length, 0),
  ]
}
