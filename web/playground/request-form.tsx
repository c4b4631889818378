import type { ServerInfo } from '../../src/contract/server-info.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { TextArea } from '../parts/field.tsx'
import { ConditionImages } from './condition-images.tsx'
import {
  type Draft,
  findModel,
  findSeedProblem,
  listConditionImages,
  priceDraftUsd,
  toRequest,
} from './draft.ts'
import { Foretold } from './foretold.tsx'
import { FurtherOptions } from './further-options.tsx'
import { RequestOptions } from './request-options.tsx'
import { useExplanation } from './use-explanation.ts'

type Props = {
  info: ServerInfo
  draft: Draft
  isRunning: boolean
  onChange: (change: Partial<Draft>) => void
  onRun: () => void
}

/** All that a request may say. Ctrl+Enter or ⌘+Enter anywhere in it runs it. */
export const RequestForm = ({ info, draft, isRunning, onChange, onRun }: Props) => {
  const isComplete = draft.prompt.trim() !== '' && !findSeedProblem(draft)
  const explained = useExplanation(isComplete ? toRequest(draft) : undefined, isRunning)
  const run = (event: Event) => {
    event.preventDefault()
    if (!isRunning && isComplete) onRun()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run(event)
  }
  return (
    <Card title="Request">
      <form class="request-form" onSubmit={run} onKeyDown={onKeyDown}>
        <TextArea
          label="Prompt"
          name="prompt"
          rows={5}
          required
          maxLength={info.limits.maxPromptCharacters}
          value={draft.prompt}
          onChange={(prompt) => onChange({ prompt })}
        />
        <ConditionImages
          imageIds={listConditionImages(draft)}
          maxImages={findModel(info, draft)?.maxConditionImages ?? 1}
          limits={info.limits}
          onChange={(imageIds) =>
            onChange({
              conditionImage: imageIds.join(),
              ...(imageIds.length === 0 && { transformation: 'generate' }),
            })
          }
        />
        <RequestOptions info={info} draft={draft} onChange={onChange} />
        <FurtherOptions info={info} draft={draft} onChange={onChange} />
        <div class="request-run">
          <Button
            type="submit"
            kind="primary"
            icon="playground"
            isBusy={isRunning}
            disabled={!isComplete}
          >
            Generate
          </Button>
          <span class="muted shortcut">
            <kbd>{isMac() ? '⌘' : 'Ctrl'}</kbd> <kbd>Enter</kbd>
          </span>
        </div>
        <Foretold
          explained={explained}
          isLocal={info.provider === 'local'}
          listPriceUsd={priceDraftUsd(info, draft)}
        />
      </form>
    </Card>
  )
}

const isMac = () => /Mac|iPhone|iPad/.test(navigator.userAgent)
