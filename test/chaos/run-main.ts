import { createDisposables, type Disposables } from '../../src/app/disposables.ts'
import { useRunFolder } from '../support/run-folder.ts'
import { startPostgres } from '../support/test-postgres.ts'
import { releaseOpenStacks } from './stack.ts'

/**
 * Runs a program of the harness with a folder and a Postgres of its own, and releases all of it, also when it is interrupted. It exits
 * 1 where `main` says false.
 */
export const runMain = async (main: () => Promise<boolean>): Promise<void> => {
  const { push, releaseAll } = createDisposables(console.error)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await releaseOpenStacks()
      await releaseAll()
      process.exit(1)
    })
  }
  try {
    await openServices(push)
    process.exitCode = (await main()) ? 0 : 1
  } finally {
    await releaseAll()
  }
}

const openServices = async (push: Disposables['push']): Promise<void> => {
  push(await useRunFolder(process.env))
  for (const release of await startPostgres(process.env)) push(release)
}
