import { useState } from 'preact/hooks'
import type { KeyDraft } from '../../src/contract/key.ts'
import type { KeyScope } from '../../src/contract/vocabulary.ts'
import { Button } from '../parts/button.tsx'
import { Checkbox } from '../parts/checkbox.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { SelectField, TextField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { emptyForm, type KeyForm, toDraft } from './form.ts'
import { scopeNames, scopes } from './scopes.ts'

/** Asks for what a new key is. Stays open with the reason when `onSave` rejects. */
export const KeyDialog = ({
  onSave,
  onClose,
}: {
  onSave: (input: KeyDraft) => Promise<unknown>
  onClose: () => void
}) => {
  const [form, setForm] = useState(emptyForm)
  const [problem, setProblem] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const set = (change: Partial<KeyForm>) => setForm((before) => ({ ...before, ...change }))
  const text = (name: TextName) => ({
    value: form[name],
    onChange: (value: string) => set({ [name]: value }),
  })
  const toggle = (scope: KeyScope, isOn: boolean) =>
    set({ scopes: scopeNames.filter((one) => (one === scope ? isOn : form.scopes.includes(one))) })

  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setIsBusy(true)
    await onSave(toDraft(form)).then(onClose, (error: Error) => setProblem(error.message))
    setIsBusy(false)
  }

  return (
    <Dialog title="Make a key" isWide onClose={onClose}>
      <form class="key-form" onSubmit={submit}>
        <TextField
          label="Name"
          required
          maxLength={100}
          placeholder="What people tell it apart by"
          {...text('name')}
        />
        <TextField
          label="Owner"
          placeholder="Whose all of it is"
          hint="Left empty, each request names its owner (Imageonce-Owner): for back ends."
          {...text('ownerId')}
        />
        <fieldset class="choices key-scopes">
          <legend class="field-name">Scopes</legend>
          {scopeNames.map((scope) => (
            <Checkbox
              key={scope}
              label={<code>{scope}</code>}
              hint={scopes[scope]}
              isChecked={form.scopes.includes(scope)}
              onChange={(isOn) => toggle(scope, isOn)}
            />
          ))}
        </fieldset>
        <div class="key-bounds">
          <TextField label="Models" hint="Commas between; empty is all." {...text('models')} />
          <TextField label="Sizes" placeholder="1K, 2K" {...text('sizes')} />
          <TextField label="Namespace" placeholder="shop" {...text('namespace')} />
          <TextField label="Origins" placeholder="https://app.example" {...text('origins')} />
          <TextField label="Ends after, in days" type="number" {...text('days')} />
          <TextField label="Images a minute" type="number" {...text('perMinute')} />
          <TextField label="US dollars a day" type="number" {...text('dailyUsd')} />
          <TextField label="US dollars a month" type="number" {...text('monthlyUsd')} />
          <SelectField
            label="Eager lane at"
            hint="Flex is half of the price, and may take an hour."
            options={eagerTiers}
            {...text('eagerTier')}
          />
        </div>
        <Checkbox
          label="Equal calls at once are as many pictures"
          hint="As AI SDK and LangChain mean it with n: 3. Else they are one call, paid once."
          isChecked={form.variants === 'parallel'}
          onChange={(isOn) => set({ variants: isOn ? 'parallel' : 'one' })}
        />
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div class="dialog-actions">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" kind="primary" isBusy={isBusy} disabled={form.scopes.length === 0}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const eagerTiers = [
  { value: '', name: 'the server’s choice' },
  { value: 'standard', name: 'standard' },
  { value: 'flex', name: 'flex' },
  { value: 'batch', name: 'batch' },
]

type TextName = Exclude<keyof KeyForm, 'scopes' | 'variants' | 'upstreamKeys'>
