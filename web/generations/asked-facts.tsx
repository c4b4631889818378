import type { ComponentChildren } from 'preact'
import type { Generation } from '../../src/client.ts'
import { madeFromPath } from '../gallery/made-from.ts'
import { useSession } from '../session-context.ts'

/** What a request said beyond its prompt, model and size; most say nothing of it. */
export const AskedFacts = ({ generation }: { generation: Generation }) => {
  const { conditionImage, conditionImages, negativePrompt, seed, thinkingLevel } = generation
  const { number, turnCount } = generation
  return (
    <>
      {conditionImage && (
        <Fact name="From">
          <ConditionImages generation={generation} digests={conditionImages ?? [conditionImage]} />
        </Fact>
      )}
      {turnCount !== undefined && (
        <Fact name="After">
          {turnCount === 1 ? 'a turn' : `${turnCount} turns`} of a conversation
        </Fact>
      )}
      {negativePrompt !== undefined && (
        <Fact name="Without">
          <span class="as-written">{negativePrompt}</span>
        </Fact>
      )}
      {seed !== undefined && (
        <Fact name="Seed">
          <span class="number">{seed}</span>
        </Fact>
      )}
      {thinkingLevel && <Fact name="Thinking">{thinkingLevel}</Fact>}
      {number !== undefined && <Fact name="Picture">number {number} of the same words</Fact>}
    </>
  )
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
)

/** The gallery has one's own images alone. */
const ConditionImages = ({
  generation: { ownerId: itsOwner },
  digests,
}: {
  generation: Generation
  digests: readonly string[]
}) => {
  const { ownerId } = useSession()
  const isOwn = !itsOwner || itsOwner === ownerId
  const [only = '', ...others] = digests
  if (others.length === 0) {
    return (
      <>
        a condition image
        {isOwn && (
          <>
            ; <a href={madeFromPath(only)}>all made from it</a>
          </>
        )}
      </>
    )
  }
  return (
    <>
      {digests.length} condition images
      {isOwn && '; all made from'}
      {isOwn &&
        digests.map((digest, index) => (
          <span key={index}>
            {index > 0 && ','}{' '}
            <a href={madeFromPath(digest)} aria-label={`all made from image ${index + 1}`}>
              {index + 1}
            </a>
          </span>
        ))}
    </>
  )
}
