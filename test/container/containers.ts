import { randomBytes } from 'node:crypto'
import { waitFor } from '../support/wait-for.ts'
import type { Engine } from './engine.ts'

type Environment = Record<string, string>

export type Container = Awaited<ReturnType<ReturnType<typeof createContainers>['start']>>

/** How every container of ours runs here: nothing can be written but the data and /tmp, nothing more can be gained, 512 MB. */
const BOUNDS = [
  ...['--network', 'host', '--read-only', '--tmpfs', '/tmp'],
  ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', '512m'],
]

/** Containers of one image with one environment, on the host's network; `removeAll` takes away whatever is left of them. */
export const createContainers = (engine: Engine, image: string, env: Environment) => {
  const volume = `imageonce-test-${randomBytes(4).toString('hex')}`
  const names: string[] = []
  const argumentsOf = (changes: Environment) => [
    ...BOUNDS,
    ...['--volume', `${volume}:/data`],
    ...Object.entries({ ...env, ...changes }).flatMap(([name, value]) => [
      '--env',
      `${name}=${value}`,
    ]),
  ]

  /** Runs any command in a container of its own to its end: gives what it wrote, throws when it fails. */
  const run = (command: readonly string[], changes: Environment = {}): Promise<string> =>
    engine('run', '--rm', ...argumentsOf(changes), image, ...command)

  /** The same with a command of `imageonce`. */
  const execute = (command: readonly string[], changes: Environment = {}): Promise<string> =>
    run(['node', 'dist/src/cli.js', ...command], changes)

  /** Runs a program of `imageonce` until it is stopped. */
  const start = async (program: string, changes: Environment = {}) => {
    const name = `${volume}-${program}-${names.length}`
    names.push(name)
    const command = ['node', 'dist/src/cli.js', program]
    await engine('run', '--detach', '--name', name, ...argumentsOf(changes), image, ...command)
    const inspect = (format: string) => engine('inspect', '--format', format, name)
    /** Both streams of what it has said. */
    const output = () => engine('logs', name)
    return {
      inspect,
      output,
      waitForLog: (text: string) =>
        waitFor(async () => (await output()).includes(text), { what: `"${text}" of ${program}` }),
      /** SIGTERM, and SIGKILL after as many seconds. */
      stop: (graceSeconds: number) => engine('stop', '--time', String(graceSeconds), name),
      exitCode: async () => Number(await inspect('{{.State.ExitCode}}')),
    }
  }

  const removeAll = async (): Promise<void> => {
    for (const name of names) await engine('rm', '--force', name).catch(() => {})
    await engine('volume', 'rm', '--force', volume).catch(() => {})
  }
  return { run, execute, start, removeAll }
}
