import { cp, lstat, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { findBinaries } from '../../db/embedded/binaries.ts'
import { linkLibraries } from '../../db/embedded/binaries-copy.ts'
import { isAlive } from '../../db/embedded/processes.ts'
import { runProgram } from '../../db/embedded/run-program.ts'
import { StartError } from '../../src/lib/errors.ts'
import {
  endProcess,
  findServerPid,
  query,
  readHeld,
  useEmbeddedPostgres,
} from '../support/embedded.ts'
import { waitFor } from '../support/wait-for.ts'

describe('embedded Postgres', () => {
  const { dataDir, start, spawnHolder } = useEmbeddedPostgres({ isPrepared: true })

  test('keeps its data through a stop and a start, and leaves no process', async () => {
    const first = await start()
    await query(first, `create table notes as select 'kept' as text`)
    const pid = await findServerPid(first)
    await first.stop()
    expect(isAlive(pid)).toBe(false)

    const second = await start()
    expect(await query(second, 'select text from notes')).toEqual([{ text: 'kept' }])
  })

  test('is durable, speaks UTF-8 and listens on no network address', async () => {
    const [settings] = await query(
      await start(),
      `select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
         current_setting('server_encoding') as encoding, current_setting('listen_addresses') as addresses`,
    )
    expect(settings).toEqual({ fsync: 'on', pages: 'on', encoding: 'UTF8', addresses: '' })
  })

  test('refuses a second start on the same data and leaves the first alone', async () => {
    const first = await start()
    const second = start()
    await expect(second).rejects.toThrow(StartError)
    await expect(second).rejects.toThrow(
      `imageonce is already running on ${dataDir()} (process ${process.pid})`,
    )
    expect(await query(first, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('starts again while the one before is stopping', async () => {
    const first = await start()
    await query(first, `create table notes as select 'kept' as text`)
    const [second] = await Promise.all([start(), first.stop()])
    expect(await query(second, 'select text from notes')).toEqual([{ text: 'kept' }])
  })

  test('adopts the server of a killed process, and stops it in the end', async () => {
    const holder = await spawnHolder()
    const serverPid = await findServerPid(await readHeld(holder))
    await endProcess(holder, 'SIGKILL')
    expect(isAlive(serverPid)).toBe(true)

    const adopted = await start()
    expect(await findServerPid(adopted)).toBe(serverPid)
    await adopted.stop()
    expect(isAlive(serverPid)).toBe(false)
  })

  test('names the other process that holds the data', async () => {
    const holder = await spawnHolder()
    await readHeld(holder)
    await expect(start()).rejects.toThrow(`(process ${holder.pid})`)
  })

  test('tells of a server that dies, recovers its data, and stops what is there', async () => {
    const lost: Error[] = []
    const first = await start({ onLost: (error) => lost.push(error) })
    await query(first, `create table notes as select 'kept' as text`)
    process.kill(await findServerPid(first), 'SIGKILL')
    await waitFor(() => lost.length > 0, { what: 'the news of the loss' })
    await first.stop()

    expect(lost.map(String)).toEqual([expect.stringContaining('went away')])
    expect(await query(await start(), 'select text from notes')).toEqual([{ text: 'kept' }])
  })

  test('does not tell of a server that it stops itself', async () => {
    const lost: Error[] = []
    const postgres = await start({ onLost: (error) => lost.push(error) })
    await Promise.all([postgres.stop(), postgres.stop()])
    expect(lost).toEqual([])
  })

  test('starts over the lock file of a server that is gone, whose process id another program has', async () => {
    const another = await findServerPid({ databaseUrl: process.env.TEST_DATABASE_URL ?? '' })
    for (const pid of [process.pid, another]) {
      const { location, stop } = await start()
      await stop()
      const port = '5432'
      const lines = [pid, join(location, 'data'), '1', port, join(location, 'run'), '', '', 'ready']
      await writeFile(join(location, 'data', 'postmaster.pid'), `${lines.join('\n')}\n`)
    }
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('says what is wrong when the server does not start', async () => {
    await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /does not start: .*shared_buffers/s,
    )
  })
})

describe('the first start of embedded Postgres', () => {
  const { dataDir, start, spawnHolder } = useEmbeddedPostgres()

  test('gives one of two first starts at once the data, and refuses the other', async () => {
    const outcomes = await Promise.allSettled([start(), start()])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    expect(String(refused?.reason)).toMatch('already running')
  })

  test('makes the database anew after a kill in the middle of making it', async () => {
    const home = join(dataDir(), 'postgres')
    const findUnfinished = async () =>
      (await readdir(home)).filter((name) => name.includes('unfinished'))
    const holder = await spawnHolder()
    await waitFor(async () => (await findUnfinished()).length > 0, {
      what: 'the making of the database',
    })
    await endProcess(holder, 'SIGKILL')
    expect(await readdir(home)).not.toContain('data')

    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await findUnfinished()).toEqual([])
  })

  test('fits its socket elsewhere when the data directory has a long name', async () => {
    const postgres = await start({ dataDir: join(dataDir(), 'a long name '.repeat(12)) })
    expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }])
    const socketFolder = new URL(postgres.databaseUrl).searchParams.get('host') ?? ''
    expect(socketFolder).toMatch(/\/imageonce-\d+-[0-9a-f]{12}$/)
    await postgres.stop()
    await expect(stat(socketFolder)).rejects.toThrow('ENOENT')
  })

  test('takes odd characters in the name of the data directory', async () => {
    const postgres = await start({ dataDir: join(dataDir(), "a, 'b' +%20é") })
    expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('makes missing links between libraries', async () => {
    const { native } = await findBinaries()
    const copy = join(dataDir(), 'native')
    await cp(native, copy, { recursive: true, filter: async (path) => !(await isLink(path)) })
    const program = join(copy, 'bin', 'initdb')
    expect(await runProgram(program, ['--version'])).toMatchObject({ ok: false })

    await linkLibraries(copy)
    await linkLibraries(copy)
    expect(await runProgram(program, ['--version'])).toMatchObject({ ok: true })
  })
})

const isLink = async (path: string) => (await lstat(path)).isSymbolicLink()
