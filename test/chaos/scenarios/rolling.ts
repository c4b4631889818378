import { readFacts } from '../audit/audit.ts'
import { checkAlways, countExtraCalls } from '../audit/checks.ts'
import type { Child } from '../child.ts'
import { createKeepAliveClient } from '../keep-alive-client.ts'
import { pictureOf } from '../provider.ts'
import { atMost, exactly, figure, toResult } from '../result.ts'
import { countOf, type Scenario, type Setting } from '../scenario.ts'
import { settle } from '../settle.ts'
import { type Stack, withStack } from '../stack.ts'

const GRACE_MS = 20_000
/** Until the process is gone once all is done. */
const EXIT_MS = 500
const CALL_MS = 200
const LANES = 12
const SETTLE_TIMEOUT_MS = 30_000

/** APIs and workers that are replaced one after the other by SIGTERM, under load. */
export const rolling: Scenario = {
  name: 'rolling',
  run: (setting) =>
    withStack({ backend: setting.backend, env: { SHUTDOWN_GRACE_MS: String(GRACE_MS) } }, (stack) =>
      rollUnderLoad(stack, setting),
    ),
}

const rollUnderLoad = async (stack: Stack, { backend, plan }: Setting) => {
  const rounds = countOf(plan, { full: 50, short: 2 })
  stack.provider.behave(({ prompt }) => pictureOf(prompt, CALL_MS))
  await Promise.all([stack.startApi(), stack.startApi()])
  const workers = await Promise.all([stack.startWorker(), stack.startWorker()])
  await Promise.all(workers.map((worker) => worker.untilReady()))
  const client = await createKeepAliveClient(stack)
  const load = startLoad(client.generate)
  const ends: End[] = []
  for (let round = 0; round < rounds; round++) {
    const oldest = [[...stack.apis][0], [...stack.workers][0]]
    const [, worker] = await Promise.all([stack.startApi(), stack.startWorker()])
    await worker.untilReady()
    ends.push(...(await Promise.all(oldest.flatMap((child) => (child ? [terminate(child)] : [])))))
  }
  await load.stop()
  await settle(stack, SETTLE_TIMEOUT_MS)

  const facts = await readFacts(stack, [client])
  client.close()
  const line = { scenario: rolling.name, backend }
  return [
    toResult(line, 'clients', [
      exactly(`resets ${JSON.stringify(client.listBreaks())}`, client.countBreaks(), 0),
      figure('refusals', client.countRefusals()),
      { name: 'generations', measured: facts.length, min: rounds * LANES },
    ]),
    toResult(line, 'processes', [
      exactly('signals', ends.length, rounds * 2),
      exactly('not exited 0', ends.filter(({ code }) => code !== 0).length, 0),
      atMost('longest stop (ms)', Math.max(...ends.map(({ ms }) => ms)), GRACE_MS + EXIT_MS),
    ]),
    toResult(line, 'all', [
      exactly('extra calls', countExtraCalls(facts), 0),
      exactly('without image', facts.filter(({ status }) => status !== 'succeeded').length, 0),
      ...checkAlways(stack, facts),
    ]),
  ]
}

type End = { code: number | null; ms: number }

const terminate = async (child: Child): Promise<End> => {
  const startedAt = performance.now()
  child.signal('SIGTERM')
  const { code } = await child.ended
  return { code, ms: Math.round(performance.now() - startedAt) }
}

/** Lanes that ask for one picture after the other until they are told to stop. */
const startLoad = (generate: (prompt: string) => Promise<void>) => {
  let isStopped = false
  let asked = 0
  const runLane = async () => {
    while (!isStopped) await generate(`picture ${asked++} of a rolling hill`)
  }
  const lanes = Promise.all(Array.from({ length: LANES }, runLane))
  // Its failure is told by `stop`.
  lanes.catch(() => {})
  const stop = async () => {
    isStopped = true
    await lanes
  }
  return { stop }
}
