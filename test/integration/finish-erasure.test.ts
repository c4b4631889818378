import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { beginErasure, claimErasure } from '../../src/features/owners/erasures.ts'
import { finishErasure } from '../../src/features/owners/finish-erasure.ts'
import { insertGeneration, insertImage, openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

test('an erasure is not over, and takes nothing, while a generation or an image is left', async () => {
  const { db } = database
  const { id } = await insertGeneration(db, { ownerId: 'alice' })
  await insertImage(db, { id: 'i_left', objectKey: 'uploads/left' })
  await beginErasure(db, 'alice', 'owner')
  const erasure = await claimErasure(db)
  if (!erasure) throw new Error('none was begun')
  const listUsers = () => db.selectFrom('users').select('id').where('id', '=', 'alice').execute()
  expect(await finishErasure(db, erasure)).toBe(false)
  await db.deleteFrom('generations').where('id', '=', id).execute()
  expect(await finishErasure(db, erasure)).toBe(false)
  expect(await listUsers()).toHaveLength(1)
  await db.deleteFrom('imageMetadata').where('id', '=', 'i_left').execute()
  expect(await finishErasure(db, erasure)).toBe(true)
  expect(await listUsers()).toEqual([])
})
