import { z } from 'zod'

/** One setting of the running server, as `GET /api/settings` answers it. */
const settingSchema = z.object({
  /** Of the environment variable. */
  name: z.string(),
  description: z.string(),
  isSet: z.boolean(),
  isSecret: z.boolean(),
  /** What is in force: of a secret `set`, of a URL nothing that signs in; absent where there is none. */
  value: z.string().optional(),
  default: z.string().optional(),
})
export type Setting = z.infer<typeof settingSchema>

export const settingsSchema = z.object({ settings: z.array(settingSchema) })
