import { findUser, operatorKey, url } from '../../server'

/** A key for the page, of its user, for an hour and a dollar. */
export const GET = async (): Promise<Response> => {
  const ownerId = await findUser()
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const made = await fetch(`${url}/api/keys`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${operatorKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: `page of ${ownerId}`, ownerId, expiresAt, dailyUsd: 1 }),
    cache: 'no-store',
  })
  if (!made.ok) return new Response('No key could be had.', { status: 502 })
  const { key } = await made.json()
  return new Response(key, { headers: { 'Cache-Control': 'no-store' } })
}
