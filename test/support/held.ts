import type { TestApp } from './app.ts'
import type { Client } from './client.ts'
import type { GeminiBehaviour } from './gemini-behaviour.ts'

export type Held = { id: string; open: () => void }

/** Makes the provider wait until it is told to go on, so that a test sees a generation while it runs. */
export const createHolds = (gemini: TestApp['gemini']) => {
  const opens = new Set<() => void>()

  /** From now on the provider does what it is told only once the result is called. */
  const hold = (then: GeminiBehaviour = { kind: 'image' }): (() => void) => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    opens.add(open)
    gemini.behave(async () => {
      await opened
      return then
    })
    return open
  }

  /** A generation that runs, its call held. */
  const start = async (client: Client, prompt: string, then?: GeminiBehaviour): Promise<Held> => {
    const open = hold(then)
    const { body } = await client.generate({ prompt })
    await gemini.waitForCall((call) => call.prompt.includes(prompt))
    return { id: body.id, open }
  }

  /** For `afterEach`: lets everything go, and images be made again. */
  const release = () => {
    for (const open of opens) open()
    opens.clear()
    gemini.behave({ kind: 'image' })
  }

  return { hold, start, release }
}
