import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createSpool } from '../../src/adapters/storage/spool.ts'
import { createSpoolFiles } from '../../src/adapters/storage/spool-files.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

describe('spool', () => {
  let directory: string
  let remove: () => Promise<void>
  beforeEach(async () => {
    const folder = await makeTemporaryFolder('spool')
    directory = folder.path
    remove = folder.remove
  })
  afterEach(() => remove())

  const key = 'generated/g_0123/abcd'
  const result = { bytes: randomBytes(1_000), costNanoUsd: 33_600_000 }

  const onlyFile = async (): Promise<string> => {
    const [name, ...others] = await readdir(directory)
    expect(others).toEqual([])
    return join(directory, name ?? 'no file')
  }

  test.each([
    ['ordinary bytes', result],
    ['no bytes and no cost', { bytes: new Uint8Array(), costNanoUsd: 0 }],
    ['bytes full of line breaks', { bytes: Buffer.from('\n\n{}\n\r\n'), costNanoUsd: 100 }],
    ['many bytes', { bytes: randomBytes(5_000_000), costNanoUsd: 240_000_000 }],
  ])('%s are found by the next process, with their cost', async (_name, given) => {
    await createSpool({ directory: join(directory, 'made', 'on', 'the', 'way') }).write(key, given)
    const found = await createSpool({ directory: join(directory, 'made/on/the/way') }).find(key)
    expect(found?.costNanoUsd).toBe(given.costNanoUsd)
    expect(found && Buffer.compare(found.bytes, given.bytes)).toBe(0)
  })

  test('a key that was never written is not found, nor in a directory that is not there', async () => {
    await expect(createSpool({ directory }).find(key)).resolves.toBeUndefined()
    const nowhere = createSpool({ directory: join(directory, 'none') })
    await expect(nowhere.find(key)).resolves.toBeUndefined()
    await expect(nowhere.delete(key)).resolves.toBeUndefined()
  })

  test('keys of any length and shape stay apart', async () => {
    const spool = createSpool({ directory })
    const keys = ['a/b', 'a_b', 'A/b', '../a', 'x'.repeat(5_000), '']
    for (const [index, each] of keys.entries()) {
      await spool.write(each, { ...result, costNanoUsd: index })
    }
    const costs = await Promise.all(keys.map(async (each) => (await spool.find(each))?.costNanoUsd))
    expect(costs).toEqual([0, 1, 2, 3, 4, 5])
    await expect(readdir(directory)).resolves.toHaveLength(keys.length)
  })

  test('the newest write of a key is the one that is found, and leaves one file', async () => {
    const spool = createSpool({ directory })
    await spool.write(key, result)
    await spool.write(key, { bytes: Buffer.from('newer'), costNanoUsd: 100_000_000 })
    const found = await spool.find(key)
    expect(Buffer.from(found?.bytes ?? []).toString()).toBe('newer')
    await onlyFile()
  })

  test('what was said with it is found with it, and goes with it', async () => {
    const spool = createSpool({ directory })
    const words = { said: 'Here it is', answer: { candidates: [{ $image: 0 }], snake_case: 1 } }
    await spool.write(key, { ...result, ...words })
    expect(await createSpool({ directory }).find(key)).toMatchObject(words)
    // As a release before leaves it, and as one that reads none of it finds it.
    for (const name of await readdir(directory)) {
      const file = await readFile(join(directory, name), 'utf8')
      if (file.includes('Here it is')) await writeFile(join(directory, name), 'damaged')
    }
    expect(await spool.find(key)).toEqual(result)
    await spool.write(key, { ...result, ...words })
    await spool.delete(key)
    await expect(readdir(directory)).resolves.toEqual([])
  })

  test('what came besides is found with it, belongs to its key, and goes with it', async () => {
    const spool = createSpool({ directory })
    const others = [randomBytes(20), Buffer.from('\n'), randomBytes(30)]
    await spool.write(key, { ...result, others })
    await expect(spool.find(key)).resolves.toEqual({ ...result, others })
    const keys: (string | undefined)[] = []
    for await (const file of createSpoolFiles({ directory }).list()) keys.push(file.key)
    expect(keys).toEqual([key, key, key, key])
    await spool.write(key, { ...result, others: others.slice(0, 1) })
    await expect(spool.find(key)).resolves.toEqual({ ...result, others: others.slice(0, 1) })
    await spool.write(key, result)
    await expect(spool.find(key)).resolves.toEqual(result)
    await spool.write(key, { ...result, others })
    await spool.delete(key)
    await expect(readdir(directory)).resolves.toEqual([])
  })

  test('a deleted key is gone, and deleting it again succeeds', async () => {
    const spool = createSpool({ directory })
    await spool.write(key, result)
    await spool.delete(key)
    await spool.delete(key)
    await expect(spool.find(key)).resolves.toBeUndefined()
    await expect(readdir(directory)).resolves.toEqual([])
  })

  test('any damage, wherever it is, is found, and the file is removed', async () => {
    const spool = createSpool({ directory })
    const small = { bytes: randomBytes(50), costNanoUsd: 33_600_000 }
    await spool.write(key, small)
    const path = await onlyFile()
    const whole = await readFile(path)
    const damage = fc.oneof(
      fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 9 }).map((tail) => Buffer.concat([whole, tail])),
      fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
        const copy = Buffer.from(whole)
        copy.writeUInt8(copy.readUInt8(at) ^ change, at)
        return copy
      }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    )
    await fc.assert(
      fc.asyncProperty(damage, async (damaged) => {
        await writeFile(path, damaged)
        await expect(spool.find(key)).resolves.toBeUndefined()
        await expect(readdir(directory)).resolves.toEqual([])
      }),
    )
  })

  test('what the release before wrote is found, and where it is damaged it is not', async () => {
    const spool = createSpool({ directory })
    await spool.write(key, result)
    const path = await onlyFile()
    const { bytes } = result
    const costUsd = 0.0336
    const sha256 = createHash('sha256').update(`${costUsd}\n`).update(bytes).digest('hex')
    const header = JSON.stringify({ costUsd, byteLength: bytes.length, sha256, key })
    await writeFile(path, Buffer.concat([Buffer.from(`${header}\n`), bytes]))
    await expect(spool.find(key)).resolves.toEqual(result)
    await writeFile(path, Buffer.concat([Buffer.from(`${header}\n`), randomBytes(bytes.length)]))
    await expect(spool.find(key)).resolves.toBeUndefined()
  })

  test('of many writers at once each is found by the next process', async () => {
    const spool = createSpool({ directory })
    const keys = Array.from({ length: 40 }, (_, place) => `generated/g_${place}/0`)
    await Promise.all(
      keys.map((each, costNanoUsd) => spool.write(each, { ...result, costNanoUsd })),
    )
    const next = createSpool({ directory })
    const found = await Promise.all(keys.map((each) => next.find(each)))
    expect(found.map((each) => each?.costNanoUsd)).toEqual(keys.map((_, place) => place))
  })

  test('what a crash left half written is not found', async () => {
    const spool = createSpool({ directory })
    await writeFile(join(directory, '.crashed.tmp'), 'half')
    await expect(spool.find(key)).resolves.toBeUndefined()
    await spool.write(key, result)
    await expect(spool.find(key)).resolves.toMatchObject({ costNanoUsd: result.costNanoUsd })
  })

  test('a write that the disk refuses is an error and leaves nothing', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    await expect(createSpool({ directory: file }).write(key, result)).rejects.toThrow()
    await expect(readdir(directory)).resolves.toEqual(['file'])
  })
})
