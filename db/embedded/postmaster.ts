import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A server as its lock file tells: running, or killed before it could remove the file. */
export type Postmaster = {
  pid: number
  /** Where it listens; it says so a moment after its start. */
  address: ServerAddress | undefined
}

export type ServerAddress = { port: number; socketFolder: string }

export const pidFilePath = (dataPath: string): string => join(dataPath, 'postmaster.pid')

export const findPostmaster = async (dataPath: string): Promise<Postmaster | undefined> => {
  const text = await readFile(pidFilePath(dataPath), 'utf8').catch(() => '')
  // A value a line: process id, data folder, start time, port, socket folder, address, memory, status.
  const [pid, , , port, socketFolder, , , status] = text.split('\n')
  if (!pid) return undefined
  const isListening = port && socketFolder !== undefined && status !== undefined
  return {
    pid: Number(pid),
    address: isListening ? { port: Number(port), socketFolder } : undefined,
  }
}
