import { z } from 'zod'

const MAX_SECONDS = 600

/** Hosts give up on a call after a minute, unless they are set to wait for longer. */
export const createWaitSchema = (defaultSeconds: number) =>
  z
    .int()
    .min(0)
    .max(MAX_SECONDS)
    .default(defaultSeconds)
    .describe(
      'How long to wait for the picture, which mostly takes 10 to 60 s. What is not finished by then goes on: show_image has it later.',
    )
