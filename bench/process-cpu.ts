import { readdir, readFile } from 'node:fs/promises'

/** Milliseconds of CPU that a process has used, and its main thread among them (Linux: `/proc/…/schedstat`, in nanoseconds). */
export const readCpuMs = async (pid: number): Promise<{ allMs: number; mainMs: number }> => {
  const threads = await readdir(`/proc/${pid}/task`)
  const used = await Promise.all(threads.map((thread) => readThreadMs(pid, thread)))
  return {
    allMs: used.reduce((sum, ms) => sum + ms, 0),
    mainMs: await readThreadMs(pid, String(pid)),
  }
}

const readThreadMs = async (pid: number, thread: string): Promise<number> => {
  const [nanoseconds] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')
  return Number(nanoseconds) / 1e6
}

/** Resident memory of a process in MB: now, or the most that it ever had. */
export const readMemoryMb = async (pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024
}
