import { expect } from '@jest/globals'
import { type SavedItem, savedItemSchema } from '../../src/contract/saved-item.ts'
import type { Client } from './client.ts'
import { waitFor } from './wait-for.ts'

/** One owner's saved items, each answer checked against the contract. */
export const createItems = (client: Client) => {
  const check = async (expected: number, ...request: Parameters<Client['call']>) => {
    const { status, body } = await client.call<SavedItem>(...request)
    expect({ status, body }).toMatchObject({ status: expected })
    return savedItemSchema.strict().parse(body)
  }
  const path = (id: string) => `/api/saved-items/${id}`
  const load = (id: string) => check(200, 'GET', path(id))
  return {
    load,
    save: (body: object) => check(201, 'POST', '/api/saved-items', { body }),
    change: (id: string, body: object) => check(200, 'PATCH', path(id), { body }),
    remove: (id: string) => client.call('DELETE', path(id)),
    loadWithImage: (id: string) =>
      waitFor(
        async () => {
          const item = await load(id)
          return !item.isPlaceholder && item
        },
        { what: 'the image of a saved item' },
      ),
  }
}
