import { useState } from 'preact/hooks'
import type { OutputFormat, SimilarityMode, ThinkingLevel } from '../../src/contract/vocabulary.ts'
import { SelectField, TextArea, TextField } from '../parts/field.tsx'
import { modeSentences, similarityModes } from '../similarity/modes.ts'
import { countFurther, findModel, findSeedProblem } from './draft.ts'
import type { OptionsProps } from './request-options.tsx'

/** What few requests say, folded away unless this one does; each only where the model can. */
export const FurtherOptions = ({ info, draft, onChange }: OptionsProps) => {
  const said = countFurther(draft)
  const [isOpen, setIsOpen] = useState(said > 0)
  const model = findModel(info, draft)
  return (
    <details
      class="further-options"
      open={isOpen}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
    >
      <summary>More options{said > 0 && <span class="muted"> ({said} used)</span>}</summary>
      <div class="request-options">
        <TextArea
          label="Without"
          rows={2}
          placeholder="What the picture is to be without"
          maxLength={info.limits.maxPromptCharacters}
          value={draft.negativePrompt}
          onChange={(negativePrompt) => onChange({ negativePrompt })}
        />
        {model?.takesSeed && (
          <TextField
            label="Seed"
            placeholder="none"
            value={draft.seed}
            problem={findSeedProblem(draft)}
            onChange={(seed) => onChange({ seed: seed.trim() })}
          />
        )}
        {model && model.thinkingLevels.length > 0 && (
          <SelectField
            label="Thinking"
            value={draft.thinkingLevel}
            onChange={(level) => onChange({ thinkingLevel: level as ThinkingLevel | '' })}
            options={[
              { value: '', name: 'Default' },
              ...model.thinkingLevels.map((level) => ({ value: level, name: level })),
            ]}
          />
        )}
        <SelectField
          label="Format"
          value={draft.outputFormat}
          onChange={(format) => onChange({ outputFormat: format as OutputFormat | '' })}
          options={[
            { value: '', name: 'As it was made' },
            ...Object.entries(formats).map(([value, name]) => ({ value, name })),
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
    </details>
  )
}

const formats: Record<OutputFormat, string> = { png: 'PNG', jpeg: 'JPEG', webp: 'WebP' }
