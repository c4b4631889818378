import type { ComponentChildren } from 'preact'
import type { GenerationResult } from '../../src/client.ts'
import { formatSimilarity } from './modes.ts'
import { usePromptDifference } from './prompt-difference.tsx'
import { VerdictButtons } from './verdict-buttons.tsx'

/** Says whose image it is where a similar prompt's is the answer, now or at first, and asks whether it is the right one. */
export const ReusedSimilar = ({
  generation: { id, prompt, reuse },
  children,
}: {
  generation: GenerationResult
  /** What else can be done about it. */
  children?: ComponentChildren
}) => {
  const words = usePromptDifference(prompt, reuse?.prompt ?? prompt)
  if (reuse?.similarity === undefined) return null
  return (
    <section class="reused-similar" aria-label="The similar image">
      <p class="muted">
        Made for another prompt, {formatSimilarity(reuse.similarity)}
        {reuse.generationId && (
          <>
            , by <a href={`/generations/${reuse.generationId}`}>its generation</a>
          </>
        )}
        :
      </p>
      {reuse.prompt && <blockquote>{words.other}</blockquote>}
      <div class="row">
        {id && <VerdictButtons generationId={id} about={prompt} />}
        {children}
      </div>
    </section>
  )
}
