/** An app's use of the React components: it need only compile, here and against the built package. */
import type { CSSProperties } from 'react'
import { createImageonceClient, type GenerationResult } from '../../src/client.ts'
import {
  type DeclaredRequest,
  GeneratedImage,
  type GeneratedImageProps,
  type GenerationHandle,
  type GenerationState,
  ImageonceProvider,
  type ImageonceProviderProps,
  type UseGenerationOptions,
  useGeneration,
} from '../../src/react.ts'

const client = createImageonceClient({ baseUrl: 'https://images.example' })
const style: CSSProperties = { borderRadius: 8 }
const provided: ImageonceProviderProps = { client }
const request: DeclaredRequest = { prompt: 'a lake', aspectRatio: '16:9', variant: undefined }

const Progress = ({ options }: { options: UseGenerationOptions }) => {
  const { generation, picture, isPending, error, retry, another }: GenerationHandle = useGeneration(
    request,
    options,
  )
  const state: GenerationState = { generation, picture, isPending, error }
  if (state.error?.retryable)
    return (
      <button type="button" onClick={retry}>
        {state.error.message}
      </button>
    )
  return (
    <button type="button" onClick={another}>
      {generation?.queuePosition ?? picture?.imageUrl}
    </button>
  )
}

const size: Partial<GeneratedImageProps> = { width: 300, sizes: '300px', loading: 'eager', style }

export const App = ({ initial }: { initial: Promise<GenerationResult> }) => (
  <ImageonceProvider {...provided}>
    <Progress options={{ client }} />
    <GeneratedImage request={request} alt="A lake" initial={initial} {...size}>
      {({ error, retry }) =>
        error && (
          <button type="button" onClick={retry}>
            {error.message}
          </button>
        )
      }
    </GeneratedImage>
    {/* @ts-expect-error A picture says what it shows. */}
    <GeneratedImage request={null} />
    {/* @ts-expect-error What is declared can't pay each time. */}
    <GeneratedImage request={{ prompt: 'a', skipExistingCheck: true }} alt="" />
  </ImageonceProvider>
)
