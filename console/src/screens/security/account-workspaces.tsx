import { useQuery } from '@tanstack/react-query'
import type { AccountWorkspacesOutput } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import { useSession } from '../../session/session.ts'
import { saveWorkspace } from '../../session/workspace-store.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Field } from '../../ui/field.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { securityQueries } from './security-queries.ts'
import { useConfirmed } from './use-confirmed.ts'

type Workspace = AccountWorkspacesOutput['data'][number]

const DEMANDS: Readonly<Record<Workspace['secondFactor'], string>> = {
  optional: 'a password is enough',
  required: 'a second factor',
  passkey: 'passkeys only',
}

/** The workspaces that the account opens: what the person is there, and how to leave or make one. */
export function AccountWorkspaces() {
  const { api, person } = useSession()
  const workspaces = useQuery(securityQueries.workspaces(api))
  const [leaving, setLeaving] = useState<Workspace | null>(null)
  const [isMaking, setIsMaking] = useState(false)
  const [made, setMade] = useState<{ readonly id: string; readonly name: string } | null>(null)
  const confirmed = useConfirmed()
  return (
    <Panel
      title="Workspaces"
      action={!isMaking && <Button onClick={() => setIsMaking(true)}>Make a workspace</Button>}
    >
      {isMaking && (
        <MakeWorkspace
          onClose={() => setIsMaking(false)}
          onMade={(workspace) => {
            setIsMaking(false)
            setMade(workspace)
          }}
        />
      )}
      {made !== null && (
        <div className="p-3">
          <Note tone="info">
            “{made.name}” is yours.{' '}
            <LinkButton
              onClick={() => {
                saveWorkspace(made.id)
                location.assign('/')
              }}
            >
              Load the console anew
            </LinkButton>{' '}
            to work in it.
          </Note>
        </div>
      )}
      <Loaded query={workspaces} label="your workspaces" rows={2}>
        {({ data }) => (
          <ul>
            {data.length === 0 && (
              <li className="px-4 py-3 text-sm text-muted">
                You are a member of none. Ask somebody to invite you, or make one.
              </li>
            )}
            {data.map((workspace) => (
              <Row
                key={workspace.id}
                title={
                  <>
                    {workspace.name} <Chip>{workspace.role ?? workspace.permissionSet ?? 'member'}</Chip>
                    {workspace.id === person?.workspace && <Chip tone="accent">open</Chip>}
                  </>
                }
                detail={
                  <>
                    Member since <Time at={workspace.memberSince} /> · asks for{' '}
                    {workspace.ssoRequired ? 'the company’s sign-on' : DEMANDS[workspace.secondFactor]}
                  </>
                }
                action={
                  <>
                    {workspace.id !== person?.workspace &&
                      person?.account.workspaces.some(({ id }) => id === workspace.id) === true && (
                        <Button
                          aria-label={`Open ${workspace.name}`}
                          onClick={() => person.chooseWorkspace(workspace.id)}
                        >
                          Open
                        </Button>
                      )}
                    <Button
                      look="danger"
                      aria-label={`Leave ${workspace.name}`}
                      onClick={() => setLeaving(workspace)}
                    >
                      Leave
                    </Button>
                  </>
                }
              />
            ))}
          </ul>
        )}
      </Loaded>
      {leaving !== null && (
        <Confirm
          title={`Leave ${leaving.name}?`}
          action="Leave"
          danger
          typed={leaving.name}
          onConfirm={async () => {
            await confirmed(() => api.members.leave(leaving.id), {
              done: `You have left ${leaving.name}.`,
              refresh: ['account'],
            })
            // What is open may be what was left: the account is asked anew.
            location.assign('/security/account')
          }}
          onClose={() => setLeaving(null)}
        >
          You see nothing of it any more, and coming back takes a new invitation. Keys that you made go on
          working. The last owner cannot leave.
        </Confirm>
      )}
    </Panel>
  )
}

function MakeWorkspace({
  onClose,
  onMade,
}: {
  readonly onClose: () => void
  readonly onMade: (workspace: { readonly id: string; readonly name: string }) => void
}) {
  const { api } = useSession()
  const [name, setName] = useState('')
  const make = useAct(
    async () => {
      const { id } = await api.account.createWorkspace({ name: name.trim() })
      onMade({ id, name: name.trim() })
    },
    { refresh: ['account'] },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void make.run()
  }
  return (
    <form onSubmit={submit} className="border-b border-line bg-canvas p-4">
      <div className="max-w-md">
        <Field
          label="Name of the workspace"
          name="name"
          required
          autoFocus
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={make.failure}
          hint="A tenant of its own: its mail, domains and keys are nobody else’s. You become its owner."
        />
        <div className="flex gap-2">
          <Button type="submit" look="main" disabled={make.isBusy}>
            {make.isBusy ? 'Making…' : 'Make it'}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </div>
    </form>
  )
}
