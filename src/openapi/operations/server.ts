import { z } from 'zod'
import { serverInfoSchema } from '../../contract/server-info.ts'
import { serverStatusSchema } from '../../contract/server-status.ts'
import { sessionEndSchema } from '../../contract/session.ts'
import { settingsSchema } from '../../contract/setting.ts'
import { answer, empty, json, type Operations, operation, PUBLIC } from '../operation.ts'

const TAG = 'Server'
const health = z.object({
  status: z.string(),
  checks: z.record(z.string(), z.string()).optional(),
  reasons: z.record(z.string(), z.string()).optional(),
})
const session = z.object({
  isSignedIn: z.boolean(),
  ownerId: z.string().optional(),
  isAdmin: z.boolean().optional(),
  expiresAt: z.iso.datetime().optional(),
})

export const server: Operations = {
  '/api/info': {
    get: operation(TAG, 'getInfo', {
      summary: 'What this server would use and allow',
      answers: { 200: answer('Provider, models with prices, limits.', serverInfoSchema) },
    }),
  },
  '/api/status': {
    get: operation(TAG, 'getStatus', {
      summary: 'For operators: how the server fares',
      answers: { 200: answer('The lanes of the queue, and the workers.', serverStatusSchema) },
      problems: [403, 503],
    }),
  },
  '/api/settings': {
    get: operation(TAG, 'getSettings', {
      summary: 'For operators: how the server is set',
      answers: { 200: answer('Every setting, without secrets.', settingsSchema) },
      problems: [403],
    }),
  },
  '/api/session': {
    get: operation(TAG, 'getSession', {
      summary: 'Who is signed in at this browser',
      answers: { 200: answer('Nobody: `isSignedIn` is false.', session) },
      security: PUBLIC,
    }),
    post: operation(TAG, 'signIn', {
      summary: 'Sign this browser in with a token or a key',
      body: json(z.strictObject({ token: z.string().min(1) }), { token: 'eyJhbGciOiJIUzI1NiJ9…' }),
      answers: { 201: answer('Signed in, by a cookie.', session) },
      problems: [400, 403],
    }),
    delete: operation(TAG, 'signOut', {
      summary: 'Sign this browser out',
      answers: { 204: empty('Signed out.') },
      problems: [403],
      security: PUBLIC,
    }),
  },
  '/api/sessions/end': {
    post: operation(TAG, 'endSessions', {
      summary: 'For operators: end the sessions of an owner',
      description: 'All that have begun until now, in every process within a second.',
      body: json(sessionEndSchema, { ownerId: 'alice' }),
      answers: { 204: empty('They are over.') },
      problems: [400, 403, 415],
    }),
  },
  '/api/me/sessions': {
    delete: operation(TAG, 'endMySessions', {
      summary: 'End all your sessions, that of this browser too',
      description:
        'All that have begun until now, in every process within a second. Tokens and keys go on.',
      answers: { 204: empty('They are over.') },
      problems: [403, 503],
    }),
  },
  '/livez': {
    get: operation(TAG, 'isAlive', {
      summary: 'The process answers',
      answers: { 200: answer('It does.', health) },
      security: PUBLIC,
    }),
  },
  '/readyz': {
    get: operation(TAG, 'isReady', {
      summary: 'It takes requests',
      answers: {
        200: answer('It does; `degraded` when a part is away.', health),
        503: answer('It does not.', health),
      },
      security: PUBLIC,
    }),
  },
}
