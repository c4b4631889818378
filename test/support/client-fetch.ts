export type RecordedCall = { method: string; path: string; headers: Headers; body: unknown }

/** A real `fetch` that takes note of what it was asked, and may answer by itself. */
export const recordFetch = (
  answer: (call: RecordedCall, count: number) => Response | Promise<Response> | undefined = () =>
    undefined,
) => {
  const calls: RecordedCall[] = []
  const recorded: typeof fetch = async (input, init) => {
    const { pathname, search } = new URL(String(input))
    const call = {
      method: init?.method ?? 'GET',
      path: `${pathname}${search}`,
      headers: new Headers(init?.headers),
      body: init?.body,
    }
    calls.push(call)
    return (await answer(call, calls.length)) ?? fetch(input, init)
  }
  return { fetch: recorded, calls }
}
