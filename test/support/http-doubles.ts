import express, { type Request, type Response } from 'express'

type Headers = Record<string, string | undefined>

/** A request of Express's own kind that no socket brought: its headers, its query, and who asks. */
export const createRequest = ({
  headers = {},
  query = {},
  method = 'GET',
  path = '/',
}: {
  headers?: Headers
  query?: Record<string, unknown>
  method?: string
  path?: string
} = {}): Request => {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return Object.create(express.request, {
    headers: { value: Object.fromEntries(lower) },
    query: { value: query },
    method: { value: method },
    secure: { value: false },
    baseUrl: { value: '/api/things' },
    path: { value: path },
  })
}

/** Keeps what is answered. */
export const createResponse = (locals: Record<string, unknown> = {}) => {
  const answer = {
    status: 200,
    headers: {} as Headers,
    body: '',
    isEnded: false,
    /** How a browser is to keep the cookie. */
    cookie: {} as object,
  }
  const set = (fields: string | Record<string, string>, value?: string) => {
    const given = typeof fields === 'string' ? { [fields]: value } : fields
    for (const [name, text] of Object.entries(given)) answer.headers[name.toLowerCase()] = text
    return response
  }
  const end = (body = '') => {
    Object.assign(answer, { body, isEnded: true })
    return response
  }
  const response = {
    locals,
    headersSent: false,
    set,
    setHeader: set,
    once: () => response,
    vary: () => response,
    redirect: (status: number, url: string) => {
      answer.status = status
      set('location', url)
      return end()
    },
    type: (type: string) => set('content-type', type),
    cookie: (name: string, value: string, options: object) => {
      answer.cookie = options
      return set('set-cookie', `${name}=${value}`)
    },
    clearCookie: (name: string) => set('set-cookie', `${name}=`),
    status: (status: number) => {
      answer.status = status
      return response
    },
    send: end,
    end,
  }
  return { response: response as unknown as Response, answer }
}
