import pg from 'pg'
import type { Disposables } from '../src/app/disposables.ts'
import { makeTemporaryFolder } from '../test/support/temporary-folder.ts'
import { imageonceCommand } from './commands.ts'
import { startModel } from './model.ts'
import type { Plan } from './plan.ts'
import { readCpuMs } from './process-cpu.ts'
import { startProgram, startServer } from './programs.ts'
import { printAim } from './report.ts'
import { signToken } from './requests.ts'
import { startServices } from './services.ts'
import { medianOf } from './statistics.ts'
import { environmentOf, waitUntilDone } from './worker.ts'

const PICTURES = 20
/** In turns, so that both meet the same machine. */
const TURNS = 15
const WARM_UP_TURNS = 10
const AIMS = { cpuMs: 5, addedMs: 5 }

/**
 * What an app waits for a picture that exists, by Gemini's API, whose answer has the picture in it, and by ours: the answer, and the
 * picture by its URL.
 */
export const measureGateway = async (plan: Plan, push: Disposables['push']): Promise<void> => {
  const services = await startServices(push)
  const client = new pg.Client({ connectionString: services.databaseUrl })
  await client.connect()
  push(() => client.end())
  const model = await startModel(push)
  const folder = await makeTemporaryFolder('bench-gateway')
  push(folder.remove)
  const environment = environmentOf(services, folder.path, model.url)
  const api = await startServer(imageonceCommand('api'), environment)
  push(api.stop)
  const worker = await startProgram(imageonceCommand('worker'), environment, /working/)
  push(worker.stop)
  const { askOurs, askGemini } = createAsk(api.url, await signToken('owner'))
  const prompts = Array.from({ length: PICTURES }, (_, at) => `a lighthouse, number ${at}`)
  for (const prompt of prompts) await askGemini(prompt)
  await waitUntilDone(client)
  const measure = async (ask: (prompt: string) => Promise<void>) => {
    const times: number[] = []
    const before = await readCpuMs(api.pid)
    for (const prompt of prompts) {
      const startedAt = performance.now()
      await ask(prompt)
      times.push(performance.now() - startedAt)
    }
    return { times, cpuMs: ((await readCpuMs(api.pid)).allMs - before.allMs) / PICTURES }
  }
  const [ours, gemini] = [askOurs, askGemini].map((ask) => ({
    measure: () => measure(ask),
    times: [] as number[],
    cpuMs: [] as number[],
  })) as [Measured, Measured]
  for (let turn = 0; turn < WARM_UP_TURNS + TURNS * plan.rounds; turn++) {
    for (const each of turn % 2 === 0 ? [ours, gemini] : [gemini, ours]) {
      const { times, cpuMs } = await each.measure()
      if (turn < WARM_UP_TURNS) continue
      each.times.push(...times)
      each.cpuMs.push(cpuMs)
    }
  }
  console.log(
    `\nA picture that exists, a png of ${model.megabytes.toFixed(1)} MB, one after the other`,
  )
  console.log(`  our API, and the picture   ${describe(ours)}`)
  console.log(`  Gemini's API               ${describe(gemini)}`)
  const addedMs = medianOf(gemini.times) - medianOf(ours.times)
  const addedCpuMs = medianOf(gemini.cpuMs) - medianOf(ours.cpuMs)
  printAim(
    `  more CPU   ${addedCpuMs.toFixed(1)} ms, aim ${AIMS.cpuMs} at most`,
    addedCpuMs <= AIMS.cpuMs,
  )
  printAim(
    `  more time  ${addedMs.toFixed(1)} ms, aim ${AIMS.addedMs} at most`,
    addedMs <= AIMS.addedMs,
  )
}

type Measured = {
  measure: () => Promise<{ times: number[]; cpuMs: number }>
  times: number[]
  cpuMs: number[]
}

const describe = ({ times, cpuMs }: Measured): string =>
  `CPU ${medianOf(cpuMs).toFixed(1)} ms, p50 ${medianOf(times).toFixed(1)} ms`

const createAsk = (url: string, token: string) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const post = async (path: string, body: object) => {
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
    return answer
  }
  const askOurs = async (prompt: string): Promise<void> => {
    const answer = await post('/api/visualize/generate', { prompt })
    const { imageUrl } = (await answer.json()) as { imageUrl: string }
    await (await fetch(imageUrl)).arrayBuffer()
  }
  const askGemini = async (prompt: string): Promise<void> => {
    const answer = await post('/gemini/v1beta/models/gemini-nano-banana-2.1:generateContent', {
      contents: [{ role: 'user', parts: [{ text: prompt }] }],
    })
    await answer.arrayBuffer()
  }
  return { askOurs, askGemini }
}
