import { expect, test } from '@jest/globals'
import { checkTable } from '../mutate/check-table.ts'
import { mutations } from '../mutate/mutations.ts'

test('every mutation can be applied to the code as it stands', async () => {
  expect(await checkTable(process.cwd(), mutations)).toEqual([])
})
