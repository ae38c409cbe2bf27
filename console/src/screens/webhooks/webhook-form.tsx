import { useId, useState, type FormEvent, type ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/check.tsx'
import { ChoiceCard } from '../../ui/choice-card.tsx'
import { Field } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { eventWords, type EventType } from './event-words.ts'
import { eventTypesOf, FORMAT_NAMES, FORMAT_WORDS, FORMATS, haveSameSecrets, type Format } from './formats.ts'

export interface WebhookValues {
  readonly url: string
  readonly description: string
  readonly format: Format
  readonly signing: boolean
  /** Empty: all that the format can tell. */
  readonly eventTypes: readonly EventType[]
  /** The vendor's names that a program chose; kept until other events are chosen here. */
  readonly formatEvents: readonly string[]
}

type Extent = 'all' | 'some' | 'named'

/** The settings of an endpoint. No event ticked means all but the records of the audit log. */
export function WebhookForm({
  begin,
  isNew = false,
  action,
  isBusy,
  failure,
  disabledReason,
  onSubmit,
  children,
}: {
  readonly begin: WebhookValues
  readonly isNew?: boolean
  readonly action: string
  readonly isBusy: boolean
  readonly failure: string | undefined
  readonly disabledReason: string | undefined
  readonly onSubmit: (values: WebhookValues) => void
  readonly children?: ReactNode
}) {
  const id = useId()
  const [url, setUrl] = useState(begin.url)
  const [description, setDescription] = useState(begin.description)
  const [format, setFormat] = useState(begin.format)
  const [signing, setSigning] = useState(begin.signing)
  const [chosen, setChosen] = useState<readonly EventType[]>(begin.eventTypes)
  const [extent, setExtent] = useState<Extent>(
    begin.formatEvents.length > 0 ? 'named' : begin.eventTypes.length > 0 ? 'some' : 'all',
  )
  const possible = eventTypesOf(format)
  const told = chosen.filter((type) => possible.includes(type))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onSubmit({
      url: url.trim(),
      description: description.trim(),
      format,
      signing: format !== 'sendgrid' || signing,
      eventTypes: extent === 'some' ? told : [],
      formatEvents: extent === 'named' ? begin.formatEvents : [],
    })
  }
  return (
    <form onSubmit={submit}>
      <Field
        label="URL"
        name="url"
        type="url"
        required
        maxLength={2048}
        autoFocus={begin.url === ''}
        placeholder="https://example.com/hooks/mail"
        value={url}
        onChange={(event) => setUrl(event.target.value)}
        hint="Answer 2xx within 15 seconds. Redirects are not followed."
        className="font-mono"
      />
      <Field
        label="What it is for (optional)"
        name="description"
        maxLength={500}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <fieldset className="mb-4">
        <legend className="mb-1.5 text-sm font-medium">For a program that reads events of</legend>
        <div className="grid gap-2 sm:grid-cols-2">
          {FORMATS.map((one) => (
            <ChoiceCard
              key={one}
              name={`${id}-format`}
              label={FORMAT_NAMES[one]}
              hint={FORMAT_WORDS[one]}
              checked={format === one}
              onChoose={() => {
                setFormat(one)
                if (extent === 'named') setExtent(one === begin.format ? 'named' : 'all')
              }}
            />
          ))}
        </div>
        {format === 'sendgrid' && (
          <div className="mt-2">
            <Check
              label="Sign requests"
              hint="Only this format may go without, as it may at SendGrid."
              checked={signing}
              onChange={setSigning}
            />
          </div>
        )}
        {!isNew && !haveSameSecrets(begin.format, format) && (
          <div className="mt-2">
            <Note tone="warn" title="The change makes another signing secret">
              Nobody has seen it: rotate the secret afterwards to see one. What waits is sent in the new
              format.
            </Note>
          </div>
        )}
      </fieldset>
      <fieldset className="mb-4">
        <legend className="mb-1 text-sm font-medium">Events</legend>
        <Extents
          format={format}
          named={format === begin.format ? begin.formatEvents : []}
          extent={extent}
          onChoose={setExtent}
        />
        {extent === 'some' && (
          <div className="mt-2 grid gap-x-6 rounded-md border border-line p-3 sm:grid-cols-2">
            {possible.map((type) => (
              <Check
                key={type}
                label={<code className="text-xs">{type}</code>}
                hint={eventWords(type)}
                checked={chosen.includes(type)}
                onChange={(checked) =>
                  setChosen(checked ? [...chosen, type] : chosen.filter((one) => one !== type))
                }
              />
            ))}
          </div>
        )}
      </fieldset>
      {failure !== undefined && (
        <p role="alert" className="mb-4 text-sm break-words text-bad">
          {failure}
        </p>
      )}
      <div className="flex gap-2">
        {children}
        <Button
          type="submit"
          look="main"
          disabled={isBusy}
          disabledReason={
            disabledReason ??
            (extent === 'some' && told.length === 0 ? 'Choose at least one event.' : undefined)
          }
        >
          {isBusy ? 'Saving…' : action}
        </Button>
      </div>
    </form>
  )
}

function Extents({
  format,
  named,
  extent,
  onChoose,
}: {
  readonly format: Format
  readonly named: readonly string[]
  readonly extent: Extent
  readonly onChoose: (extent: Extent) => void
}) {
  const all =
    format === 'bulkhead'
      ? 'All, also those that come later; not the audit log'
      : `All that ${FORMAT_NAMES[format]} has a word for`
  const ways: readonly (readonly [extent: Extent, words: string])[] = [
    ...(named.length > 0 ? ([['named', `As a program chose: ${named.join(', ')}`]] as const) : []),
    ['all', all],
    ['some', 'These'],
  ]
  return ways.map(([one, words]) => (
    <label key={one} className="flex items-center gap-2.5 py-1 text-sm">
      <input
        type="radio"
        name="events"
        checked={extent === one}
        onChange={() => onChoose(one)}
        className="size-4 accent-accent"
      />
      {words}
    </label>
  ))
}
