import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createDatabase } from '../support/database.ts'

const run = promisify(execFile)

/**
 * Lets `use` run tests, by the environment that it is given, on databases that the migrations of a folder have made, as broken as
 * these are. The common template was made by those that are whole.
 */
export const withMigrationsOf = async <T>(
  folder: string,
  use: (env: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> => {
  const { TEST_TEMPLATE_DATABASE: _, ...env } = process.env
  const { TEST_DATABASE_URL: url = '' } = env
  const template = await createDatabase(url)
  try {
    await run(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'migrate'], {
      cwd: folder,
      env: { PATH: env.PATH, DATABASE_URL: template.url },
    })
    return await use({ ...env, TEST_TEMPLATE_DATABASE: template.name })
  } finally {
    await template.drop()
  }
}
