import type { Call } from './transport.ts'

/** A call that carries `body` as JSON. */
export const toJsonCall = (method: 'POST' | 'PATCH', body: object): Call => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})
