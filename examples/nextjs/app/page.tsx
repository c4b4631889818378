import { GeneratedImage } from 'imageonce/react'
import { Suspense } from 'react'
import { Drawing } from './drawing'
import { connectFor, findUser } from './server'

/** Each visit asks: only the first pays. */
export const dynamic = 'force-dynamic'

const request = { prompt: 'a lighthouse at dusk', aspectRatio: '21:9' as const }

/** The picture of the page is asked for by the server, and streamed to the page when it is there. */
export default async function Page() {
  const initial = connectFor(await findUser()).generate(request)
  return (
    <main>
      <Suspense fallback={<p>Drawing…</p>}>
        <GeneratedImage request={request} alt="A lighthouse" initial={initial} loading="eager" />
      </Suspense>
      <Drawing />
    </main>
  )
}
