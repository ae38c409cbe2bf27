import { useState, type FormEvent } from 'react'
import type { Suppression } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { oneOf } from '../../search-values.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { inputTime } from '../../format.ts'
import { REASON_WORDS, SCOPE_WORDS } from './suppression-words.ts'
import { REASONS, SCOPES, type Reason, type Scope } from './suppressions-search.ts'

/** Puts an address on the list, or changes what an entry stops, until when, and its note. */
export function SuppressionForm({
  entry,
  email: given = '',
  onClose,
}: {
  /** The one that is changed; without it a new one is made. */
  readonly entry?: Suppression
  readonly email?: string
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const [email, setEmail] = useState(entry?.email ?? given)
  const [reason, setReason] = useState<Reason>(entry?.reason ?? 'manual')
  const [scope, setScope] = useState<Scope>(entry?.scope ?? 'all')
  const [expires, setExpires] = useState(
    entry?.expiresAt === undefined || entry.expiresAt === null ? '' : inputTime(new Date(entry.expiresAt)),
  )
  const [note, setNote] = useState(entry?.note ?? '')
  const isNew = entry === undefined
  const expiresAt = expires === '' ? null : new Date(expires).toISOString()
  const act = useAct(
    () =>
      isNew
        ? api.suppressions.add({
            email: email.trim(),
            reason,
            scope,
            ...(expiresAt === null ? {} : { expiresAt }),
            ...(note.trim() === '' ? {} : { note: note.trim() }),
          })
        : api.suppressions.update(entry.id, {
            scope,
            expiresAt,
            note: note.trim() === '' ? null : note.trim(),
          }),
    { done: isNew ? 'It gets no more mail.' : 'Saved.', refresh: ['suppressions'] },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void act.run().then((isDone) => {
      if (isDone) onClose()
    })
  }
  return (
    <Dialog title={isNew ? 'Suppress an address' : 'Change the entry'} onClose={onClose}>
      <form onSubmit={submit}>
        {isNew && (
          <Field
            label="Address"
            name="email"
            required
            maxLength={1016}
            autoFocus
            placeholder="ann@example.com"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
        <div className="mb-4 grid gap-4 sm:grid-cols-2">
          {isNew && (
            <Select
              label="Why"
              value={reason}
              onChange={(event) => {
                const chosen = oneOf(REASONS, event.target.value)
                if (chosen === undefined) return
                setReason(chosen)
                setScope(chosen === 'unsubscribe' ? 'bulk' : 'all')
              }}
            >
              {REASONS.map((name) => (
                <option key={name} value={name}>
                  {REASON_WORDS[name]}
                </option>
              ))}
            </Select>
          )}
          <Select
            label="Stops"
            value={scope}
            onChange={(event) => setScope(oneOf(SCOPES, event.target.value) ?? scope)}
          >
            {SCOPES.map((name) => (
              <option key={name} value={name}>
                {SCOPE_WORDS[name]}
              </option>
            ))}
          </Select>
        </div>
        <Field
          label="Ends (optional)"
          name="expires"
          type="datetime-local"
          value={expires}
          onChange={(event) => setExpires(event.target.value)}
          hint="In your own time. Empty: it does not end by itself."
        />
        <TextArea
          label="Note (optional)"
          name="note"
          rows={2}
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
          hint="For people; stored sealed."
        />
        {act.failure !== undefined && (
          <p role="alert" className="mb-4 text-sm break-words text-bad">
            {act.failure}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={act.isBusy}>
            {isNew ? 'Suppress it' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
