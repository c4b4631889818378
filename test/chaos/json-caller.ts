type Answer = { status: number; body: Record<string, unknown> }

/** Calls an API with a token, and keeps what it answered with an error of its own. */
export const createJsonCaller = (apiUrl: string, authorization: string) => {
  const errors: string[] = []
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status >= 500) errors.push(`${method} ${path}: ${response.status} ${text}`)
    return { status: response.status, body: text ? JSON.parse(text) : {} }
  }
  return { call, errors }
}
