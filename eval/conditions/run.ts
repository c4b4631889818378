import { compare, type Verdict } from './compare.ts'
import { asNearMiss, type Copy, exactCopies, jpegOriginal, lossyCopies } from './copies.ts'
import { type Scene, scenes } from './scenes.ts'

/**
 * Prints for each kind of copy of how many drawn pictures it is recognised, and which changed pictures are taken for the one
 * they were made from. With `--check`, ends with 1 when any is, or when a copy with equal pixels is not recognised by them.
 */
const run = async (): Promise<void> => {
  const originals = (await Promise.all(scenes.map(drawOriginals))).flat()
  let faults = 0
  console.log(`${'copy'.padEnd(34)} pixels likeness  not recognised`)
  for (const copy of [...exactCopies, ...lossyCopies]) {
    const verdicts = await judgeCopies(originals, copy)
    printCopy(copy, verdicts)
    if (exactCopies.includes(copy)) faults += pick(verdicts, 'likeness', 'another').length
  }
  const nearMisses = (await Promise.all(scenes.map(judgeChanges))).flat()
  const taken = pick(nearMisses, 'pixels', 'likeness')
  console.log(`\n${taken.length} of ${nearMisses.length} changed pictures taken for the same`)
  for (const { name } of taken) console.log(`  ${name}`)
  if (process.argv.includes('--check') && faults + taken.length > 0) process.exitCode = 1
}

type Original = { name: string; bytes: Buffer }
type Judged = { name: string; verdict: Verdict }

const drawOriginals = async ({ name, draw }: Scene): Promise<Original[]> => {
  const png = await draw()
  return [
    { name: `${name} (png)`, bytes: png },
    { name: `${name} (jpeg)`, bytes: await jpegOriginal.save(png) },
  ]
}

const judgeCopies = (originals: Original[], { save }: Copy): Promise<Judged[]> =>
  Promise.all(
    originals.map(async ({ name, bytes }) => ({
      name,
      verdict: await compare(bytes, await save(bytes)),
    })),
  )

const judgeChanges = async (scene: Scene): Promise<Judged[]> => {
  const judged: Judged[] = []
  const originals = await drawOriginals(scene)
  for (const change of scene.changes) {
    const changed = await scene.draw(change)
    for (const { name, bytes } of originals) {
      for (const { name: format, save } of asNearMiss) {
        const verdict = await compare(bytes, await save(changed))
        judged.push({ name: `${name}, ${change}, as ${format}`, verdict })
      }
    }
  }
  return judged
}

const pick = (judged: Judged[], ...verdicts: Verdict[]): Judged[] =>
  judged.filter(({ verdict }) => verdicts.includes(verdict))

const printCopy = ({ name }: Copy, judged: Judged[]): void => {
  const count = (verdict: Verdict) => String(pick(judged, verdict).length)
  const missed = pick(judged, 'another').map((each) => each.name)
  console.log(
    `${name.padEnd(34)} ${count('pixels').padStart(6)} ${count('likeness').padStart(8)}  ${missed.join('; ')}`,
  )
}

await run()
