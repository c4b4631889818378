import autocannon from 'autocannon'
import type pg from 'pg'
import type { Disposables } from '../src/app/disposables.ts'
import { imageonceCommand } from './commands.ts'
import { finishQueued } from './fixtures.ts'
import type { Plan } from './plan.ts'
import { readCpuMs } from './process-cpu.ts'
import { startServer } from './programs.ts'
import { printAim } from './report.ts'
import { signToken, toRequest } from './requests.ts'
import { productionEnvironment, type Services } from './services.ts'
import { medianOf } from './statistics.ts'

const PROMPTS = 200
const CONNECTIONS = 16
const MAX_MORE_PERCENT = 3

/** The CPU of one reuse with rates counted, and of one without, measured in turns. */
export const measureRates = async (
  services: Services,
  client: pg.Client,
  plan: Plan,
  push: Disposables['push'],
) => {
  const environment = productionEnvironment(services)
  const on = await startServer(imageonceCommand('api'), environment)
  push(on.stop)
  const off = await startServer(imageonceCommand('api'), { ...environment, RATE_LIMITS: 'off' })
  push(off.stop)
  const token = await signToken('rated')
  const path = '/api/visualize/generate'
  const bodies = Array.from({ length: PROMPTS }, (_, i) => ({ prompt: `counted number ${i}` }))
  for (const body of bodies) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    await fetch(on.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  }
  await finishQueued(client)
  const requests = bodies.map((body) => toRequest(path, token, body))
  // So many requests and not so many seconds: CPU is the same however busy the machine is.
  const amount = plan.requests
  const measure = async ({ url, pid }: typeof on) => {
    const before = await readCpuMs(pid)
    const result = await autocannon({ url, requests, connections: CONNECTIONS, amount })
    if (result['2xx'] !== amount) throw new Error(`${result['2xx']} of ${amount} were answered`)
    return ((await readCpuMs(pid)).allMs - before.allMs) / amount
  }
  for (const each of [on, off]) await measure(each)
  const [counted, free]: [number[], number[]] = [[], []]
  for (let round = 0; round < 2 * plan.rounds; round++) {
    for (const each of round % 2 === 0 ? [on, off] : [off, on]) {
      const cpuMs = await measure(each)
      if (each === on) counted.push(cpuMs)
      else free.push(cpuMs)
    }
  }
  const percents = counted.map((cpuMs, round) => (cpuMs / (free[round] ?? 0) - 1) * 100)
  const more = medianOf(percents)
  console.log('\nRates counted, CPU of one reuse')
  console.log(`  counted    ${medianOf(counted).toFixed(3)} ms`)
  console.log(`  off        ${medianOf(free).toFixed(3)} ms`)
  const range = `${Math.min(...percents).toFixed(1)} to ${Math.max(...percents).toFixed(1)}`
  const text = `  more       ${more.toFixed(1)} % (${range}), aim ${MAX_MORE_PERCENT} at most`
  printAim(text, more <= MAX_MORE_PERCENT)
}
