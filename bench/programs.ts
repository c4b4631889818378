import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Disposables } from '../src/app/disposables.ts'
import { findFreePort } from '../test/support/free-port.ts'
import { waitFor } from '../test/support/wait-for.ts'
import { bareServerCommand, fairServerCommand, imageonceCommand } from './commands.ts'
import type { Name } from './compare.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const READY_TIMEOUT_MS = 30_000

export type Environment = Record<string, string>
export type Program = { pid: number; stop: () => Promise<void> }

/** Starts a server whose output goes nowhere, and waits until it answers on its port. */
export const startServer = async (
  args: string[],
  environment: Environment,
): Promise<Program & { url: string }> => {
  const port = await findFreePort()
  const child = spawnNode(args, { ...environment, PORT: String(port) }, [
    'ignore',
    'ignore',
    'inherit',
  ])
  const url = `http://127.0.0.1:${port}`
  const isUp = () => {
    if (hasEnded(child)) throw new Error(`${args.join(' ')} ended`)
    return fetch(`${url}/livez`).then(({ ok }) => ok)
  }
  await waitFor(isUp, { what: args.join(' '), timeoutMs: READY_TIMEOUT_MS })
  return { ...toProgram(child), url }
}

export type Server = Awaited<ReturnType<typeof startServer>>

/** The servers that are compared, on the same services. */
export const startContestants = async (
  environment: Environment,
  push: Disposables['push'],
): Promise<Record<Name, Server>> => {
  const start = async (command: string[]) => {
    const server = await startServer(command, environment)
    push(server.stop)
    return server
  }
  return {
    imageonce: await start(imageonceCommand('api')),
    fair: await start(fairServerCommand),
    bare: await start(bareServerCommand),
  }
}

/** Starts a program and waits until it prints what `ready` matches. */
export const startProgram = async (
  args: string[],
  environment: Environment,
  ready: RegExp,
): Promise<Program> => {
  const child = spawnNode(args, environment, ['ignore', 'pipe', 'inherit'])
  if (!child.stdout) throw new Error('no output')
  for await (const line of createInterface(child.stdout)) {
    if (!ready.test(line)) continue
    child.stdout.resume()
    return toProgram(child)
  }
  throw new Error(`${args.join(' ')} ended before it was ready`)
}

const spawnNode = (args: string[], environment: Environment, stdio: StdioOptions) =>
  spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
    stdio,
  })

const toProgram = (child: ChildProcess): Program => {
  const stop = async () => {
    if (hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  return { pid: child.pid ?? 0, stop }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null
