import { MAX_PICTURES } from '../../src/contract/limits.ts'
import type { ServerInfo } from '../../src/contract/server-info.ts'
import type { AspectRatio, ImageSize, Transformation } from '../../src/contract/vocabulary.ts'
import { SelectField } from '../parts/field.tsx'
import { type Draft, findModel, listModels, listSizes } from './draft.ts'

export type OptionsProps = {
  info: ServerInfo
  draft: Draft
  onChange: (change: Partial<Draft>) => void
}

/** What most requests choose: the model, and how large, in which shape and how many. */
export const RequestOptions = ({ info, draft, onChange }: OptionsProps) => {
  const model = findModel(info, draft)
  return (
    <div class="request-options">
      <SelectField
        label="Model"
        value={draft.model}
        onChange={(name) => onChange({ model: name, imageSize: '1K' })}
        options={listModels(info).map(({ name }) =>
          name === info.defaultModel
            ? { value: '', name: `${name} (default)` }
            : { value: name, name },
        )}
      />
      <SelectField
        label="Size"
        value={draft.imageSize}
        onChange={(value) => onChange({ imageSize: value as ImageSize })}
        options={listSizes(info, model).map((size) => ({ value: size, name: size }))}
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
      <SelectField
        label="Pictures"
        value={draft.n}
        onChange={(n) => onChange({ n })}
        options={Array.from({ length: MAX_PICTURES }, (_, index) => {
          const count = String(index + 1)
          return { value: count, name: count }
        })}
      />
    </div>
  )
}
