import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartError } from '../../src/lib/errors.ts'
import type { ServerAddress } from './postmaster.ts'
import { ensurePrivateFolder, shortHash } from './private-folder.ts'
import type { ServerUser } from './run-program.ts'

/*
 * Clients reach the server through a Unix socket in a folder that only its account can enter, so it trusts
 * every client that gets there. Node knows no Unix sockets on Windows: there it is the loopback address and a password.
 */
const isWindows = process.platform === 'win32'

const SOCKET_PORT = 5432
/** Bytes of a socket's path: 103 on macOS and the BSDs, 107 on Linux. */
const MAX_SOCKET_PATH_BYTES = 103

/** Where the server is to listen; makes the folder of its socket. */
export const prepareTransport = async (
  home: string,
  user: ServerUser | undefined,
): Promise<Record<string, string>> => {
  if (isWindows) {
    const port = String(await findFreePort())
    return { listen_addresses: '127.0.0.1', port, unix_socket_directories: '' }
  }
  const folder = socketFolder(home, user)
  await ensurePrivateFolder(folder, user)
  return {
    listen_addresses: '',
    port: String(SOCKET_PORT),
    // A list, in which a name with a comma or a space must be quoted.
    unix_socket_directories: `"${folder.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
  }
}

const socketFolder = (home: string, user: ServerUser | undefined): string => {
  const owner = user?.uid ?? process.getuid?.() ?? 0
  const short = `imageonce-${owner}-${shortHash(home)}`
  const folders = [join(home, 'run'), join(tmpdir(), short), join('/tmp', short)]
  const folder = folders.find(
    (path) => Buffer.byteLength(`${path}/.s.PGSQL.${SOCKET_PORT}`) <= MAX_SOCKET_PATH_BYTES,
  )
  if (!folder) throw new StartError(`Every path for the database's socket is too long: ${folders}`)
  return folder
}

export const connectionUrl = async (
  home: string,
  { port, socketFolder }: ServerAddress,
  database: string,
): Promise<string> => {
  if (isWindows) {
    const password = await readFile(passwordPath(home), 'utf8')
    return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
  }
  const host = encodeURIComponent(socketFolder)
  return `postgres://postgres@localhost/${database}?host=${host}&port=${port}`
}

/** How a new cluster is to know its clients, as arguments of initdb. */
export const authenticationArguments = async (home: string): Promise<string[]> => {
  if (!isWindows) return ['--auth=trust']
  const path = passwordPath(home)
  await writeFile(path, randomBytes(24).toString('hex'), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return ['--auth=scram-sha-256', `--pwfile=${path}`]
}

const passwordPath = (home: string) => join(home, 'password')

const findFreePort = async (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
