import { useState, type FormEvent } from 'react'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Select } from '../../ui/field.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import type { CredentialKind } from './credential-kinds.ts'
import type { Credential } from './credential-state.ts'

const OVERLAPS = [
  [24, 'a day'],
  [1, 'an hour'],
  [72, 'three days'],
  [168, 'a week'],
  [0, 'not at all: it ends at once'],
] as const

/** Asks for how long the old secret goes on working, and makes the new one. */
export function RotateCredential({
  kind,
  credential,
  rotate,
  onClose,
}: {
  readonly kind: CredentialKind
  readonly credential: Credential
  /** Keeps what was made. */
  readonly rotate: (overlapHours: number) => Promise<unknown>
  readonly onClose: () => void
}) {
  const [hours, setHours] = useState(24)
  const act = useAct(() => rotate(hours), { refresh: [kind.refresh, 'quotas'] })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void act.run().then((isDone) => {
      if (isDone) onClose()
    })
  }
  return (
    <Dialog title={`Rotate “${credential.name}”`} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mb-4 text-sm text-muted">
          A new {kind.secret} with the same bounds takes its place. Give it to the program, and see here that
          the old one is no longer used before it ends.
        </p>
        <div className="mb-4">
          <Select
            label={`The old ${kind.secret} goes on working for`}
            value={hours}
            onChange={(event) => setHours(Number(event.target.value))}
          >
            {OVERLAPS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </Select>
        </div>
        {act.failure !== undefined && (
          <p role="alert" className="mb-4 text-sm text-bad">
            {act.failure}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={act.isBusy}>
            {act.isBusy ? 'Working…' : `Make the new ${kind.secret}`}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
