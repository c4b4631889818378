import type { ServerInfo } from '../../src/contract/server-info.ts'
import type {
  AspectRatio,
  ImageSize,
  SimilarityMode,
  Transformation,
} from '../../src/contract/vocabulary.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { SelectField, TextArea, TextField } from '../parts/field.tsx'
import { formatUsd } from '../parts/format.ts'
import { modeSentences, similarityModes } from '../similarity/modes.ts'
import { ConditionImage } from './condition-image.tsx'
import { type Draft, findModel, priceDraftUsd } from './draft.ts'

type Props = {
  info: ServerInfo
  draft: Draft
  isRunning: boolean
  onChange: (change: Partial<Draft>) => void
  onRun: () => void
}

/** All that a request may say. Ctrl+Enter or ⌘+Enter anywhere in it runs it. */
export const RequestForm = ({ info, draft, isRunning, onChange, onRun }: Props) => {
  const run = (event: Event) => {
    event.preventDefault()
    if (!isRunning && draft.prompt.trim()) onRun()
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
        <ConditionImage
          imageId={draft.conditionImage}
          limits={info.limits}
          onChange={(conditionImage) =>
            onChange({ conditionImage, ...(!conditionImage && { transformation: 'generate' }) })
          }
        />
        <Options info={info} draft={draft} onChange={onChange} />
        <div class="request-run">
          <Button
            type="submit"
            kind="primary"
            icon="playground"
            isBusy={isRunning}
            disabled={!draft.prompt.trim()}
          >
            Generate
          </Button>
          <span class="muted">
            <Price usd={priceDraftUsd(info, draft)} isLocal={info.provider === 'local'} />
          </span>
          <span class="muted shortcut">
            <kbd>{isMac() ? '⌘' : 'Ctrl'}</kbd> <kbd>Enter</kbd>
          </span>
        </div>
      </form>
    </Card>
  )
}

const Options = ({ info, draft, onChange }: Pick<Props, 'info' | 'draft' | 'onChange'>) => {
  const model = findModel(info, draft)
  return (
    <div class="request-options">
      <SelectField
        label="Model"
        value={draft.model}
        onChange={(name) => onChange({ model: name, imageSize: '1K' })}
        options={info.models.map(({ name }) =>
          name === info.defaultModel
            ? { value: '', name: `${name} (default)` }
            : { value: name, name },
        )}
      />
      <SelectField
        label="Size"
        value={draft.imageSize}
        onChange={(value) => onChange({ imageSize: value as ImageSize })}
        options={Object.keys(model?.priceUsd ?? {}).map((size) => ({ value: size, name: size }))}
      />
      <SelectField
        label="Transformation"
        value={draft.transformation}
        onChange={(value) => onChange({ transformation: value as Transformation })}
        options={[
          { value: 'generate', name: 'Generate' },
          {
            value: 'enhance',
            name: draft.conditionImage ? 'Enhance' : 'Enhance (an image)',
            disabled: !draft.conditionImage,
          },
        ]}
      />
      <SelectField
        label="Aspect ratio"
        value={draft.aspectRatio}
        onChange={(value) => onChange({ aspectRatio: value as AspectRatio | '' })}
        options={[
          { value: '', name: 'Default' },
          ...(model?.aspectRatios ?? []).map((ratio) => ({ value: ratio, name: ratio })),
        ]}
      />
      <TextField
        label="Variant"
        placeholder="none"
        value={draft.variant}
        onChange={(variant) => onChange({ variant })}
      />
      <SelectField
        label="Similar prompts"
        value={draft.similarity}
        onChange={(value) => onChange({ similarity: value as SimilarityMode | '' })}
        hint={
          draft.similarity
            ? modeSentences[draft.similarity]
            : 'As you chose on the page of similar prompts, else as the server has it.'
        }
        options={[
          { value: '', name: 'Default' },
          ...similarityModes.map((mode) => ({ value: mode, name: mode })),
        ]}
      />
    </div>
  )
}

const Price = ({ usd, isLocal }: { usd: number; isLocal: boolean }) =>
  isLocal ? <>Free: no model is called</> : <>{formatUsd(usd)} by list price, once</>

const isMac = () => /Mac|iPhone|iPad/.test(navigator.userAgent)
