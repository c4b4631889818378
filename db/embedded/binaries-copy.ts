import { cp, lchown, readdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { makeWhole } from './make-whole.ts'
import type { ServerUser } from './run-program.ts'

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }))
const packageSchema = z.object({ version: z.string() })

/**
 * Makes the links between libraries that the package's install script makes: npm packages hold none, and
 * npm may be told to run no install scripts. Links that are there are left alone.
 */
export const linkLibraries = async (native: string): Promise<void> => {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(
    ignore('ENOENT', '[]'),
  )
  for (const { source, target } of linksSchema.parse(JSON.parse(list))) {
    const link = join(native, relative('native', target))
    await symlink(relative(dirname(target), source), link).catch(ignore('EEXIST', undefined))
  }
}

/** Copies the binaries once into `home`, owned by `user`, and returns the folder. */
export const copyBinaries = async (
  native: string,
  home: string,
  user: ServerUser | undefined,
): Promise<string> => {
  const manifest = await readFile(join(dirname(native), 'package.json'), 'utf8')
  const { version } = packageSchema.parse(JSON.parse(manifest))
  const folder = join(home, `binaries-${version}`)
  await makeWhole(folder, 'bin', async (unfinished) => {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
    await linkLibraries(unfinished)
    if (user) await giveTo(user, unfinished)
  })
  return folder
}

const giveTo = async ({ uid, gid }: ServerUser, folder: string) => {
  for (const entry of ['.', ...(await readdir(folder, { recursive: true }))]) {
    await lchown(join(folder, entry), uid, gid)
  }
}

const ignore =
  <T>(code: string, value: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === code) return value
    throw error
  }
