import { StrictMode, Suspense } from 'react'
import type { ImageonceClient } from '../../../src/client.ts'
import { GeneratedImage, type GeneratedImageProps, ImageonceProvider } from '../../../src/react.ts'

/** A picture as an app shows it, with a line beneath that must not move. The same on a server and in a browser. */
export const App = ({
  client,
  picture,
}: {
  client: ImageonceClient
  picture: GeneratedImageProps
}) => (
  <StrictMode>
    <ImageonceProvider client={client}>
      <Suspense fallback={<p id="fallback">It is looked for</p>}>
        <GeneratedImage {...picture}>
          {({ error, retry, another }) => (
            <>
              {error && <em role="alert">{error.message}</em>}
              <button id="retry" type="button" onClick={retry}>
                retry
              </button>
              <button id="another" type="button" onClick={another}>
                another
              </button>
            </>
          )}
        </GeneratedImage>
      </Suspense>
      <p id="beneath">beneath</p>
    </ImageonceProvider>
  </StrictMode>
)
