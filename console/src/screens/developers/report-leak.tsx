import { useState, type FormEvent } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'

const OUTCOMES = {
  revoked: ['info', 'It is revoked.', 'Nobody can use it any more. The owners were told.'],
  tightened: [
    'warn',
    'It goes on for 72 hours where it worked before.',
    'It can only send, so your program is not stopped. Rotate it until then.',
  ],
  already: ['info', 'It was dead or reported before.', 'Nothing was changed.'],
  unknown: ['warn', 'No key of this installation.', 'It may be mistyped: paste it whole, from bhk_ on.'],
} as const
type Outcome = keyof typeof OUTCOMES

/** Takes a key that others could read, and says what was done with it. */
export function ReportLeak({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const [key, setKey] = useState('')
  const [outcome, setOutcome] = useState<Outcome>()
  const act = useAct(
    async () => {
      setOutcome((await api.apiKeys.reportLeak({ key: key.trim() })).outcome)
      setKey('')
    },
    { refresh: ['api-keys'] },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void act.run()
  }
  const said = outcome === undefined ? undefined : OUTCOMES[outcome]
  return (
    <Dialog title="A key leaked" onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mb-4 text-sm text-muted">
          In a repository, a log, a chat? Paste it: what can do more than send ends at once, what can only
          send is bound to where it worked before, unless the key says otherwise. It works for every key of
          this installation.
        </p>
        <Field
          label="The key"
          name="key"
          type="password"
          required
          maxLength={200}
          autoComplete="off"
          placeholder="bhk_…"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          className="font-mono"
          autoFocus
        />
        <div role="status" className="mb-4 empty:hidden">
          {said !== undefined && (
            <Note tone={said[0]} title={said[1]}>
              {said[2]}
            </Note>
          )}
        </div>
        {act.failure !== undefined && (
          <p role="alert" className="mb-4 text-sm text-bad">
            {act.failure}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" look="danger" disabled={act.isBusy || key.trim() === ''}>
            Report it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
