import { chmod, chown, cp, mkdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { type Binaries, findBinaries, makeRunnable } from '../../db/embedded/binaries.ts'
import { ensurePrivateFolder } from '../../db/embedded/private-folder.ts'
import { runProgram } from '../../db/embedded/run-program.ts'
import { findUnprivilegedUser } from '../../db/embedded/unprivileged.ts'
import {
  endProcess,
  findServerPid,
  query,
  readHeld,
  useEmbeddedPostgres,
} from '../support/embedded.ts'
import { describeWhen } from '../support/skip.ts'

const isRoot = process.getuid?.() === 0
const user = await findUnprivilegedUser('')
const isReadable = async (path: string) =>
  (await runProgram('/usr/bin/test', ['-r', path], user)).ok
const canRunOurPrograms =
  isRoot && (await isReadable(resolve('package.json'))) && (await isReadable(process.execPath))

const findUid = async (pid: number) => (await stat(`/proc/${pid}`)).uid

describeWhen(isRoot, 'this run is not by root', 'embedded Postgres, started by root', () => {
  const { dataDir, start, spawnHolder } = useEmbeddedPostgres()

  test('runs as another user, in the data directory', async () => {
    const postgres = await start()
    expect(postgres.location).toBe(join(dataDir(), 'postgres'))
    expect(postgres.note ?? '').not.toContain('The database is in')
    expect(await findUid(await findServerPid(postgres))).toBe(user.uid)
  })

  test('finds a place that the other user can reach, says so, and keeps to it', async () => {
    await chmod(dataDir(), 0o700)
    const first = await start()
    try {
      expect(first.location).not.toContain(dataDir())
      expect(first.note).toContain(`The database is in ${first.location}`)
      await query(first, `create table notes as select 'kept' as text`)
      await first.stop()

      await chmod(dataDir(), 0o755)
      const second = await start()
      expect(await query(second, 'select text from notes')).toEqual([{ text: 'kept' }])
      await second.stop()
    } finally {
      await first.stop()
      await removeOutside(first.location)
    }
  })

  /** Its parent too, unless another data directory's database is in there. */
  const removeOutside = async (location: string) => {
    await rm(location, { recursive: true, force: true })
    await rmdir(dirname(location)).catch(() => {})
  }

  test('copies programs that the other user cannot reach', async () => {
    const hidden = join(dataDir(), 'hidden')
    const home = join(dataDir(), 'home')
    const installed = await findBinaries()
    await mkdir(hidden, { mode: 0o700 })
    await ensurePrivateFolder(home, user)
    await cp(installed.native, join(hidden, 'native'), { recursive: true, verbatimSymlinks: true })
    await cp(join(dirname(installed.native), 'package.json'), join(hidden, 'package.json'))

    const { binaries, note } = await makeRunnable(moveTo(hidden, installed), home, user)
    expect(binaries.postgres).toMatch(new RegExp(`^${home}/binaries-[^/]+/bin/postgres$`))
    expect(note).toContain(`the user ${user.name} cannot run`)
  })

  const moveTo = (folder: string, binaries: Binaries): Binaries => {
    const move = (path: string) => path.replace(dirname(binaries.native), folder)
    const { native, postgres, initdb, pgCtl } = binaries
    return {
      native: move(native),
      postgres: move(postgres),
      initdb: move(initdb),
      pgCtl: move(pgCtl),
    }
  }

  // Not where the repository itself is in a place that only root can enter.
  if (canRunOurPrograms) {
    test("runs for an ordinary user as that user, and later for root on the same user's data", async () => {
      await chown(dataDir(), user.uid, user.gid)
      const holder = await spawnHolder({ uid: user.uid, gid: user.gid })
      const held = await readHeld(holder)
      expect(held.location).toBe(join(dataDir(), 'postgres'))
      expect(await findUid(await findServerPid(held))).toBe(user.uid)
      await query(held, `create table notes as select 'kept' as text`)
      await endProcess(holder, 'SIGTERM')

      expect(await query(await start(), 'select text from notes')).toEqual([{ text: 'kept' }])
    })
  }
})
