import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { buildProgram } from './build-programs.ts'
import { waitFor } from './wait-for.ts'

export type Program = Awaited<ReturnType<typeof startProgram>>

/** Runs `imageonce <arguments>` with nothing of the environment but what is given. */
export const startProgram = async (args: readonly string[], env: Record<string, string>) => {
  const cli = await buildProgram('src/cli')
  const child: ChildProcess = spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const closed = once(child, 'close')

  /** Waits for a text on standard output; throws with all that was said when the program ends before. */
  const waitForOutput = async (text: string): Promise<void> => {
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null
    await waitFor(() => out.includes(text) || hasEnded(), { what: text })
    if (!out.includes(text)) throw new Error(`ended without "${text}": ${out}${err}`)
  }
  /** Waits for the end. */
  const ended = async () => {
    await closed
    return { code: child.exitCode, out, err }
  }
  const signal = (name: NodeJS.Signals) => child.kill(name)

  return { waitForOutput, ended, signal, output: () => out, pid: child.pid }
}
