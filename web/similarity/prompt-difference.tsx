import { Fragment } from 'preact'
import { useMemo } from 'preact/hooks'
import { type ComparedWord, compareWords } from './compare-words.ts'

/** Two prompts with what differs marked in each. */
export const usePromptDifference = (prompt: string, other: string) =>
  useMemo(() => {
    const [left, right] = compareWords(prompt, other)
    return { prompt: <Words words={left} />, other: <Words words={right} /> }
  }, [prompt, other])

const Words = ({ words }: { words: readonly ComparedWord[] }) => (
  <>
    {words.map(({ text, kind }, at) => (
      <Fragment key={at}>
        {at > 0 && ' '}
        {kind === 'same' ? text : <mark class={`word-${kind}`}>{text}</mark>}
      </Fragment>
    ))}
  </>
)
