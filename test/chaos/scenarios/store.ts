import { readFacts } from '../audit/audit.ts'
import { checkAlways, countExtraCalls, countOf as countWhere } from '../audit/checks.ts'
import { describeTrouble } from '../audit/describe-trouble.ts'
import { showsPictureOf } from '../audit/pictures.ts'
import { type ChaosClient, createChaosClient } from '../client.ts'
import { inLanes } from '../in-lanes.ts'
import { pictureOf } from '../provider.ts'
import { createRandom } from '../random.ts'
import { exactly, figure, type Result, toResult } from '../result.ts'
import { countOf, type Plan, type Scenario } from '../scenario.ts'
import { settleAccepted } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'
import { type OwnStore, type StoreFault, startOwnStore } from '../store.ts'

const FAULTS: readonly StoreFault[] = ['503', '429', '412', 'truncation', '1 KB/s']
const LANES = 6
const LOOKS = 3
const SETTLE_TIMEOUT_MS = 120_000

/** An image store in trouble: nothing is paid for twice, and nobody is shown a part of a picture. */
export const store: Scenario = {
  name: 'store',
  run: async ({ backend, plan }) => {
    const own = await startOwnStore(createRandom(plan.seed))
    if (!own) return [toResult({ scenario: 'store', backend }, 'skipped: no radosgw', [])]
    return withStack({ backend, env: own.env }, (stack) => meetFaults(stack, own, plan)).finally(
      own.stop,
    )
  },
}

const meetFaults = async (stack: Stack, own: OwnStore, plan: Plan): Promise<Result[]> => {
  stack.provider.behave(({ prompt }) => pictureOf(prompt))
  const [, worker] = await Promise.all([stack.startApi(), stack.startWorker()])
  await worker.untilReady()
  const client = await createChaosClient(stack)
  const line = { scenario: store.name, backend: stack.backend }
  const each = countOf(plan, { full: 40, short: 2 })
  const results: Result[] = []
  for (const fault of FAULTS) {
    const before = own.countFaults()
    await own.setFault(fault)
    const shown = await generateAndLook(stack, client, each, fault)
    results.push(
      toResult(line, fault, [
        exactly('partial pictures', countWhere(shown, isEqual('partial')), 0),
        figure('whole', countWhere(shown, isEqual('whole'))),
        figure('placeholders', countWhere(shown, isEqual('placeholder'))),
        figure('broken off or refused', countWhere(shown, isEqual('nothing'))),
        figure('faults', own.countFaults() - before),
      ]),
    )
  }
  await own.setFault('none')
  const facts = await readFacts(stack, [client])
  const checks = [
    exactly('second purchases', countExtraCalls(facts), 0),
    exactly(
      'without image',
      countWhere(facts, ({ status }) => status !== 'succeeded'),
      0,
    ),
    ...checkAlways(stack, facts),
  ]
  return [...results, toResult(line, 'all', checks, await describeTrouble(stack, facts))]
}

type Shown = 'whole' | 'partial' | 'placeholder' | 'nothing'

const isEqual = (wanted: Shown) => (shown: Shown) => shown === wanted

const generateAndLook = async (
  stack: Stack,
  client: ChaosClient,
  each: number,
  fault: StoreFault,
): Promise<Shown[]> => {
  const prompts = Array.from({ length: each }, (_, n) => `picture ${n} under ${fault}`)
  const ids = new Map<string, string>()
  await inLanes(LANES, prompts, async (prompt) => {
    ids.set((await client.submit(prompt)).id, prompt)
  })
  await settleAccepted(stack, client, SETTLE_TIMEOUT_MS)
  const shown: Shown[] = []
  const looks = [...ids].flatMap((look) => Array.from({ length: LOOKS }, () => look))
  await inLanes(LANES, looks, async ([id, prompt]) => {
    const { imageUrl } = await client.get(id)
    shown.push(await look(imageUrl, prompt))
  })
  return shown
}

const look = async (url: string, prompt: string): Promise<Shown> => {
  try {
    const response = await fetch(url)
    const bytes = Buffer.from(await response.arrayBuffer())
    if (!response.ok) return 'nothing'
    if (response.headers.has('imageonce-placeholder')) return 'placeholder'
    return (await showsPictureOf(bytes, prompt)) ? 'whole' : 'partial'
  } catch {
    return 'nothing'
  }
}
