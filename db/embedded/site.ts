import type { Binaries } from './binaries.ts'
import type { ServerUser } from './run-program.ts'

/** What it takes to run a cluster. */
export type Site = {
  home: string
  dataPath: string
  binaries: Binaries
  user: ServerUser | undefined
}
