import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { MembersListOutput } from '@bulkhead/sdk'
import { Problem } from '../../account/password-log-in.tsx'
import { textOf, useAct, wordsOf } from '../../account/use-act.ts'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Failure, LoadingRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { PolicyPanel } from './policy-panel.tsx'
import { SecurityPage } from './security-tabs.tsx'

type Member = MembersListOutput['data'][number]
type Role = NonNullable<Member['role']>

const ROLES: Readonly<Record<Role, string>> = {
  owner: 'everything, and makes owners',
  admin: 'everything but making owners',
  developer: 'keys, domains, webhooks, mail',
  marketer: 'sends, and keeps suppressions',
  analyst: 'reads mail and its fate',
  auditor: 'reads who may and did what; no mail',
}
const ROLE_NAMES = Object.keys(ROLES).filter(isRole)

function isRole(text: string): text is Role {
  return Object.hasOwn(ROLES, text)
}

/** Who works here, who is invited, and what the workspace asks of them. */
export function MembersScreen() {
  return (
    <SecurityPage title="Members">
      <Members />
      <Invitations />
      <PolicyPanel />
    </SecurityPage>
  )
}

function Members() {
  const { api, person } = useSession()
  const client = useQueryClient()
  const members = useQuery(queries.members(api))
  const [removing, setRemoving] = useState<Member | null>(null)
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: Role }) => api.members.change(id, { role }),
    onSettled: () => void client.invalidateQueries({ queryKey: ['members'] }),
  })
  return (
    <Panel title="Members" lead="What each may do holds from the next request on.">
      {members.isPending && <LoadingRows rows={2} label="Loading members" />}
      {members.isError && <Failure error={members.error} onRetry={() => void members.refetch()} />}
      {members.isSuccess && (
        <ul>
          {members.data.data.map((member) => (
            <Row
              key={member.id}
              title={
                <>
                  {member.name ?? member.email}
                  {member.personId === person?.account.id && <Chip tone="accent">you</Chip>}
                </>
              }
              detail={
                <>
                  {member.name === null ? '' : `${member.email} · `}since <Time at={member.createdAt} />
                  {member.lastSeenAt !== null && (
                    <>
                      , seen <Time at={member.lastSeenAt} />
                    </>
                  )}
                </>
              }
              action={
                <>
                  {member.role === null ? (
                    <Chip>{member.permissionSet?.name ?? 'permission set'}</Chip>
                  ) : (
                    <RoleChoice
                      label={`Role of ${member.email}`}
                      role={member.role}
                      disabled={change.isPending}
                      onChoose={(role) => change.mutate({ id: member.id, role })}
                    />
                  )}
                  <Button
                    look="danger"
                    aria-label={`Remove ${member.email}`}
                    onClick={() => setRemoving(member)}
                  >
                    Remove
                  </Button>
                </>
              }
            />
          ))}
        </ul>
      )}
      {change.error !== null && (
        <p role="alert" className="px-4 pb-3 text-sm text-bad">
          {wordsOf(change.error)}
        </p>
      )}
      {removing !== null && <RemoveMember member={removing} onClose={() => setRemoving(null)} />}
    </Panel>
  )
}

function RoleChoice({
  label,
  role,
  disabled,
  onChoose,
}: {
  readonly label: string
  readonly role: Role
  readonly disabled: boolean
  readonly onChoose: (role: Role) => void
}) {
  return (
    <select
      aria-label={label}
      value={role}
      disabled={disabled}
      title={ROLES[role]}
      onChange={(event) => {
        if (isRole(event.target.value)) onChoose(event.target.value)
      }}
      className="h-8 rounded-md border border-line-strong bg-surface px-1.5 text-sm"
    >
      {ROLE_NAMES.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  )
}

function RemoveMember({ member, onClose }: { readonly member: Member; readonly onClose: () => void }) {
  const { api } = useSession()
  const client = useQueryClient()
  const act = useAct()
  const remove = (credentials: 'keep' | 'revoke'): void =>
    void act.run(async () => {
      await api.members.remove(member.id, { credentials })
      await client.invalidateQueries({ queryKey: ['members'] })
      onClose()
    })
  return (
    <Dialog title={`Remove ${member.email}?`} onClose={onClose}>
      <p className="mb-4 text-sm text-muted">
        Sessions lose this workspace at once. Keys that this member made may be known to them still: revoke
        them unless your programs use them.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="danger" onClick={() => remove('revoke')} disabled={act.busy}>
          Remove, and revoke their keys
        </Button>
        <Button onClick={() => remove('keep')} disabled={act.busy}>
          Remove, keep the keys
        </Button>
        <Button look="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
      <Problem text={act.problem} />
    </Dialog>
  )
}

function Invitations() {
  const { api } = useSession()
  const client = useQueryClient()
  const invitations = useQuery(queries.invitations(api))
  const [inviting, setInviting] = useState(false)
  const again = (): void => void client.invalidateQueries({ queryKey: ['invitations'] })
  const revoke = useMutation({ mutationFn: (id: string) => api.invitations.revoke(id), onSettled: again })
  const resend = useMutation({ mutationFn: (id: string) => api.invitations.resend(id), onSettled: again })
  const open = invitations.data?.data.filter(({ state }) => state === 'open') ?? []
  return (
    <Panel
      title="Invitations"
      lead="A link by mail, good for seven days. It works for the invited address only."
      action={
        <Button look="main" onClick={() => setInviting(true)}>
          Invite somebody
        </Button>
      }
    >
      {invitations.isPending && <LoadingRows rows={1} label="Loading invitations" />}
      {invitations.isError && (
        <Failure error={invitations.error} onRetry={() => void invitations.refetch()} />
      )}
      {invitations.isSuccess && open.length === 0 && (
        <p className="px-4 py-3 text-sm text-muted">Nobody is invited right now.</p>
      )}
      {open.length > 0 && (
        <ul>
          {open.map((invitation) => (
            <Row
              key={invitation.id}
              title={
                <>
                  {invitation.email} <Chip>{invitation.role ?? 'permission set'}</Chip>
                </>
              }
              detail={
                <>
                  {invitation.sentAt === null ? 'The letter did not go out. ' : ''}Until{' '}
                  <Time at={invitation.expiresAt} />
                </>
              }
              action={
                <>
                  <Button onClick={() => resend.mutate(invitation.id)} disabled={resend.isPending}>
                    Send again
                  </Button>
                  <Button
                    look="danger"
                    onClick={() => revoke.mutate(invitation.id)}
                    disabled={revoke.isPending}
                  >
                    Take back
                  </Button>
                </>
              }
            />
          ))}
        </ul>
      )}
      {inviting && (
        <Invite
          onClose={() => {
            setInviting(false)
            again()
          }}
        />
      )}
    </Panel>
  )
}

function Invite({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const [role, setRole] = useState<Role>('developer')
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const email = textOf(event.currentTarget, 'email')
    void act.run(async () => {
      await api.invitations.create({ email, role })
      onClose()
    })
  }
  return (
    <Dialog title="Invite somebody" onClose={onClose}>
      <form onSubmit={submit}>
        <Field label="E-mail" name="email" type="email" required autoComplete="off" />
        <div className="mb-4">
          <Select
            label="Role"
            value={role}
            onChange={(event) => {
              if (isRole(event.target.value)) setRole(event.target.value)
            }}
          >
            {ROLE_NAMES.map((name) => (
              <option key={name} value={name}>
                {name}: {ROLES[name]}
              </option>
            ))}
          </Select>
        </div>
        <div className="flex gap-2">
          <Button type="submit" look="main" disabled={act.busy}>
            Send the invitation
          </Button>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
        </div>
        <Problem text={act.problem} />
      </form>
    </Dialog>
  )
}
