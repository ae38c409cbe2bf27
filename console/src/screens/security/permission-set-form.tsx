import { CHOICES, type PermissionSet, type PermissionSetsCreateInput } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { counted } from './people-words.ts'
import { ScopePicker } from './scope-picker.tsx'

type Scope = PermissionSetsCreateInput['scopes'][number]
const SCOPES: readonly Scope[] = CHOICES['permissionSets.create'].scopes

/** Puts scopes together under a name. `holders` have the set now: what is taken away they lose at once. */
export function PermissionSetForm({
  set,
  holders,
  onClose,
}: {
  readonly set: PermissionSet | null
  readonly holders: readonly string[]
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const { can } = useAccess()
  const [name, setName] = useState(set?.name ?? '')
  const [scopes, setScopes] = useState<readonly Scope[]>(() =>
    SCOPES.filter((scope) => set?.scopes.includes(scope) === true),
  )
  const lost = (set?.scopes ?? []).filter((scope) => !scopes.some((one) => one === scope))
  const save = useAct(
    () =>
      set === null
        ? api.permissionSets.create({ name: name.trim(), scopes })
        : api.permissionSets.update(set.id, { name: name.trim(), scopes }),
    { done: `“${name.trim()}” is saved.`, refresh: ['permission-sets', 'members'] },
  )
  const lacks = (set?.scopes ?? []).filter((scope) => !can(scope))
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (await save.run()) onClose()
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="p-4">
      <h2 className="mb-3 text-base font-semibold">
        {set === null ? 'New permission set' : `Change “${set.name}”`}
      </h2>
      <div className="max-w-md">
        <Field
          label="Name"
          name="name"
          required
          autoFocus
          maxLength={100}
          placeholder="Support"
          value={name}
          onChange={(event) => setName(event.target.value)}
          hint="Such as the job that these people do."
        />
      </div>
      <ScopePicker
        label={`What it lets people do: ${counted(scopes.length, 'scope')}`}
        scopes={SCOPES}
        chosen={scopes}
        held={can}
        onChange={setScopes}
      />
      {holders.length > 0 && lost.length > 0 && (
        <div className="mb-4">
          <Note tone="warn" title={`${holders.join(', ')} will lose at once:`}>
            <span className="font-mono text-xs">{lost.join(', ')}</span>
          </Note>
        </div>
      )}
      {save.failure !== undefined && (
        <div className="mb-4">
          <Note tone="bad">{save.failure}</Note>
        </div>
      )}
      <div className="flex gap-2">
        <Button
          type="submit"
          look="main"
          disabled={save.isBusy}
          disabledReason={
            scopes.length === 0
              ? 'Choose a scope first.'
              : lacks.length > 0
                ? `The set holds what you may not do yourself: ${lacks.join(', ')}.`
                : undefined
          }
        >
          {save.isBusy ? 'Saving…' : 'Save'}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  )
}
