import type { Client } from '../kit/client.ts'
import { aiSdkFal, aiSdkGoogle, aiSdkOpenai, aiSdkOpenaiCompatible } from './ai-sdk.ts'
import { fal } from './fal.ts'
import { googleGenai } from './google-genai.ts'
import { googleGenerativeAi } from './google-generative-ai.ts'
import { langchainGoogle, langchainOpenai } from './langchain.ts'
import { openai } from './openai.ts'

export const clients: readonly Client[] = [
  googleGenai,
  googleGenerativeAi,
  aiSdkGoogle,
  langchainGoogle,
  openai,
  aiSdkOpenai,
  aiSdkOpenaiCompatible,
  langchainOpenai,
  fal,
  aiSdkFal,
]
