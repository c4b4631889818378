import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findOnPath } from '../support/programs.ts'

/** Runs the engine to its end and gives what it said, of `logs` both streams; throws that when it fails. */
export type Engine = (...args: string[]) => Promise<string>

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** The first of docker and podman that is installed and answers; undefined where there is none. */
export const findEngine = async (): Promise<Engine | undefined> => {
  for (const name of ['docker', 'podman']) {
    const path = findOnPath(name)
    if (!path) continue
    const engine: Engine = async (...args) => {
      const options = { maxBuffer: MAX_OUTPUT_BYTES }
      const { stdout, stderr } = await promisify(execFile)(path, args, options)
      return (args[0] === 'logs' ? stdout + stderr : stdout).trim()
    }
    const isThere = await engine('info').then(
      () => true,
      () => false,
    )
    if (isThere) return engine
  }
  return undefined
}

/**
 * Builds the Dockerfile as `tag`. `CONTAINER_BUILD_FLAGS` are arguments of the engine's `build`, for networks that need some: a
 * certificate, a proxy.
 */
export const buildImage = async (engine: Engine, tag: string): Promise<void> => {
  const flags = (process.env.CONTAINER_BUILD_FLAGS ?? '').split(' ').filter(Boolean)
  await engine('build', '--network', 'host', ...flags, '--tag', tag, '.')
}

export const sizeOf = async (engine: Engine, image: string): Promise<number> =>
  Number(await engine('image', 'inspect', '--format', '{{.Size}}', image))
