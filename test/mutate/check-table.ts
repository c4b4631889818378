import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mutation } from './mutation.ts'

/** What is wrong with the table as the code now stands, in words; nothing when each mutation can be applied. */
export const checkTable = async (
  folder: string,
  mutations: readonly Mutation[],
): Promise<string[]> => {
  const problems = await Promise.all(mutations.map((mutation) => checkOne(folder, mutation)))
  const names = mutations.map(({ name }) => name)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  return [...problems.flat(), ...twice.map((name) => `${name}: there are two of this name`)]
}

const checkOne = async (folder: string, { name, file, find, replace, tests }: Mutation) => {
  const text = await readFile(join(folder, file), 'utf8').catch(() => undefined)
  if (text === undefined) return [`${name}: there is no ${file}`]
  const count = text.split(find).length - 1
  const missing = await Promise.all(
    tests.map((test) =>
      readFile(join(folder, test)).then(
        () => [],
        () => [`${name}: there is no ${test}`],
      ),
    ),
  )
  return [
    ...(count === 1 ? [] : [`${name}: its line stands ${count} times in ${file}, not once`]),
    ...(find === replace ? [`${name}: changes nothing`] : []),
    ...missing.flat(),
  ]
}
