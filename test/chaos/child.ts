import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buildProgram, type ProgramSource } from '../support/build-programs.ts'
import { waitFor } from '../support/wait-for.ts'

type ProgramName = 'api' | 'worker'

export type Environment = Record<string, string>

export type Ended = { code: number | null; signal: NodeJS.Signals | null }

export type Child = Awaited<ReturnType<typeof startChild>>

const READY_TIMEOUT_MS = 30_000
const KEPT_CHARACTERS = 8_000

/** `program`: another one than the suite's own. `onOutput` hears all that it says. */
export type ChildOptions = { program?: ProgramSource; onOutput?: (text: string) => void }

/** Starts an API or a worker as a process of its own, which may not yet take work. */
export const startChild = async (
  name: ProgramName,
  env: Environment,
  { program = `test/chaos/processes/${name}`, onOutput }: ChildOptions = {},
) => {
  const entry = await buildProgram(program)
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  let readyUrl: string | undefined
  const listen = (chunk: Buffer) => {
    onOutput?.(chunk.toString())
    said = (said + chunk).slice(-KEPT_CHARACTERS)
    readyUrl ??= /^ready (.*)\n/m.exec(said)?.[1]
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  // A process that is killed leaves its end of the pipe broken.
  child.stdin.on('error', () => {})
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} did not start`)

  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const ended: Promise<Ended> = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  /** Resolves with the URL (of an API) when it takes work. Throws with what it said when it ends before. */
  const untilReady = async (): Promise<string> => {
    await waitFor(() => readyUrl !== undefined || hasEnded(), {
      what: `${name} to be ready`,
      timeoutMs: READY_TIMEOUT_MS,
    })
    if (readyUrl === undefined) throw new Error(`${name} ended before it was ready: ${said}`)
    return readyUrl
  }
  let isToEnd = false
  /** To this process alone, by its id. */
  const signal = (name: NodeJS.Signals): void => {
    isToEnd ||= name === 'SIGKILL' || name === 'SIGTERM'
    child.kill(name)
  }
  const kill = async (): Promise<Ended> => {
    signal('SIGKILL')
    return ended
  }
  return {
    name,
    pid,
    untilReady,
    hasEnded,
    ended,
    signal,
    kill,
    said: () => said,
    /** True once it was told to end. */
    isToEnd: () => isToEnd,
  }
}
