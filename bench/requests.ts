import type { Request } from 'autocannon'
import { SignJWT } from 'jose'
import { JWT_SECRET } from './services.ts'

export const signToken = (owner: string, role?: 'admin'): Promise<string> =>
  new SignJWT(role ? { role } : {})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(owner)
    .setIssuedAt()
    .setExpirationTime('1 h')
    .sign(new TextEncoder().encode(JWT_SECRET))

/** A submission as clients send it. */
export const toRequest = (path: string, token: string, body: unknown): Request => ({
  method: 'POST',
  path,
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
