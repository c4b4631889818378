import { readdir, readFile } from 'node:fs/promises'
import type pg from 'pg'
import { readCpuMs } from './process-cpu.ts'

/** What was used so far, by the program that is measured and by the Postgres that it asks. */
export type Usage = { programUs: number; postgresUs: number; walBytes: number }

export type Meter = { read: () => Promise<Usage> }

/** What `/proc` counts CPU time in (Linux, `USER_HZ`). */
const TICK_US = 10_000

/** Reads what a program and the whole Postgres behind `client` have used; of the CPU of Postgres it tells hundredths of a second. */
export const createMeter = (pid: number, client: pg.Client): Meter => {
  const read = async (): Promise<Usage> => {
    const { rows } = await client.query<{ backend: number; wal: string }>(
      `select pg_backend_pid() as backend, (pg_current_wal_insert_lsn() - '0/0')::text as wal`,
    )
    const [row] = rows
    const programUs = (await readCpuMs(pid)).allMs * 1_000
    const postmaster = (await readProcess(row?.backend ?? 0)).parent
    const postgresUs = await readFamilyUs(postmaster)
    return { programUs, postgresUs, walBytes: Number(row?.wal) }
  }
  return { read }
}

/** Those of connections that were closed are in what their parent counts. */
const readFamilyUs = async (parent: number): Promise<number> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const processes = await Promise.all(pids.map((pid) => readProcess(pid).catch(() => undefined)))
  const { endedUs } = await readProcess(parent)
  const children = processes.filter((each) => each?.parent === parent)
  return children.reduce((sum, child) => sum + (child?.cpuUs ?? 0), endedUs)
}

/** proc(5), `/proc/PID/stat`: counted from what follows the name, which may have anything in it. */
const readProcess = async (pid: number) => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [, parent = 0] = fields
  const [userTicks = 0, systemTicks = 0, endedUserTicks = 0, endedSystemTicks = 0] =
    fields.slice(11)
  return {
    parent,
    cpuUs: (userTicks + systemTicks) * TICK_US,
    endedUs: (endedUserTicks + endedSystemTicks) * TICK_US,
  }
}
