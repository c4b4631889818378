import { useState } from 'preact/hooks'
import type { Webhook } from '../../src/contract/webhook.ts'
import { Button } from '../parts/button.tsx'
import { Checkbox } from '../parts/checkbox.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { useSession } from '../session-context.ts'
import type { EndpointInput } from './calls.ts'
import { listEvents, type WebhookEvent, webhookEvents } from './events.ts'

const TELLS_AT_FIRST: WebhookEvent[] = ['generation.succeeded', 'generation.failed']

/** Asks for what an endpoint is: a new one, or `endpoint` changed. Stays open with the reason when `onSave` rejects. */
export const EndpointDialog = ({
  endpoint,
  onSave,
  onClose,
}: {
  endpoint?: Webhook
  onSave: (input: EndpointInput) => Promise<unknown>
  onClose: () => void
}) => {
  const { isAdmin } = useSession()
  const [url, setUrl] = useState(endpoint?.url ?? '')
  const [description, setDescription] = useState(endpoint?.description ?? '')
  const [events, setEvents] = useState(endpoint?.events ?? TELLS_AT_FIRST)
  const [problem, setProblem] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)

  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setIsBusy(true)
    const input = { url, events, description: description.trim() || null }
    await onSave(input).then(onClose, (error: Error) => setProblem(error.message))
    setIsBusy(false)
  }
  const toggle = (event: WebhookEvent, isOn: boolean) =>
    setEvents((before) => (isOn ? [...before, event] : before.filter((one) => one !== event)))

  return (
    <Dialog title={endpoint ? 'Change the endpoint' : 'Add an endpoint'} onClose={onClose}>
      <form class="endpoint-form" onSubmit={submit}>
        <TextField
          label="URL"
          type="url"
          required
          placeholder="https://app.example/webhooks"
          value={url}
          onChange={setUrl}
          hint="Where the events are sent, each as a signed POST."
        />
        <TextField
          label="Description"
          value={description}
          onChange={setDescription}
          placeholder="What listens there"
          maxLength={200}
        />
        <fieldset class="choices">
          <legend class="field-name">Events</legend>
          {listEvents(isAdmin).map((event) => (
            <Checkbox
              key={event}
              label={<code>{event}</code>}
              hint={webhookEvents[event].about}
              isChecked={events.includes(event)}
              onChange={(isOn) => toggle(event, isOn)}
            />
          ))}
        </fieldset>
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div class="dialog-actions">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" kind="primary" isBusy={isBusy} disabled={events.length === 0}>
            {endpoint ? 'Save' : 'Add it'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
