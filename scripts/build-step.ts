import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestContents, digestNames } from './digest.ts'

export type BuildStep = {
  name: string
  /** Files and folders that the outputs are made from. */
  inputs: string[]
  /** Folders that hold nothing else. */
  outputs: string[]
  /** A file by which the commands skip what they made before. */
  memory?: string
  /** Programs with their arguments, run one after the other. */
  commands: string[][]
}

/** What was built: names and contents of what went in, and what came out. */
type Stamp = { names: string; inputs: string; outputs: string }

const STAMPS = 'dist/.stamps'
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Builds unless what is there was built from the inputs as they are. A build that fails or is killed leaves no stamp;
 * one without a stamp, or with outputs that were touched since, starts from nothing. Throws when a command fails.
 */
export const bringUpToDate = async (root: string, step: BuildStep): Promise<void> => {
  const path = join(root, STAMPS, `${step.name}.json`)
  const stamp = await readStamp(path)
  const [names, inputs, outputs] = await Promise.all([
    digestNames(root, step.inputs),
    digestContents(root, step.inputs),
    digestContents(root, step.outputs),
  ])
  const isWhole = stamp?.outputs === outputs
  if (isWhole && stamp.inputs === inputs) return

  await rm(path, { force: true })
  // What was made from a source that is gone would stay.
  if (!isWhole || stamp.names !== names) await clean(root, step)
  for (const command of step.commands) await run(root, command)
  await mkdir(join(root, STAMPS), { recursive: true })
  const built: Stamp = { names, inputs, outputs: await digestContents(root, step.outputs) }
  await writeFile(path, JSON.stringify(built))
}

const readStamp = async (path: string): Promise<Stamp | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text ? JSON.parse(text) : undefined
}

const clean = async (root: string, { outputs, memory }: BuildStep): Promise<void> => {
  const paths = memory ? [...outputs, memory] : outputs
  await Promise.all(paths.map((path) => rm(join(root, path), { recursive: true, force: true })))
}

const run = async (root: string, [program = '', ...args]: string[]): Promise<void> => {
  // As it is shipped, also when tests ask for it under an environment of theirs.
  const env = { ...process.env, NODE_ENV: 'production' }
  const child = spawn(program, args, { cwd: root, env, stdio: 'inherit' })
  // A command that outlives its build would write into the outputs of the next one.
  const stop = () => child.kill()
  for (const signal of SIGNALS) process.on(signal, stop)
  const [code] = await once(child, 'exit').finally(() => {
    for (const signal of SIGNALS) process.off(signal, stop)
  })
  if (code !== 0) throw new Error(`${[program, ...args].join(' ')} failed`)
}
