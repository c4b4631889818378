import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { acceptPoints, type KillPoint, runPoints } from './kill-point.ts'

const markSchema = z.object({ killAt: z.enum([...acceptPoints, ...runPoints]), pid: z.number() })

/** What an armed process writes down of itself before it ends. */
export type Mark = z.infer<typeof markSchema>

/** The mark that a process left at this generation, or undefined. */
export const findMark = async (folder: string, generationId: string): Promise<Mark | undefined> => {
  const text = await readFile(join(folder, generationId), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : markSchema.parse(JSON.parse(text))
}

/** Where each generation cost a process its life. */
export const readKillPoints = async (folder: string): Promise<Map<string, KillPoint>> => {
  const points = new Map<string, KillPoint>()
  for (const id of await readdir(folder)) {
    const mark = await findMark(folder, id)
    if (mark) points.set(id, mark.killAt)
  }
  return points
}
