import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Invitation } from '@bulkhead/sdk'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { actorWords } from './people-words.ts'
import { securityQueries } from './security-queries.ts'
import { useConfirmed } from './use-confirmed.ts'

const STATES: Readonly<Record<Invitation['state'], { readonly tone: Tone; readonly words: string }>> = {
  open: { tone: 'info', words: 'waiting' },
  accepted: { tone: 'ok', words: 'accepted' },
  revoked: { tone: 'neutral', words: 'taken back' },
  expired: { tone: 'warn', words: 'expired' },
}

/** The server sends one letter a minute. */
const RESEND_AFTER_MS = 60_000

function tooSoon({ sentAt }: Invitation): string | undefined {
  return sentAt !== null && Date.now() - Date.parse(sentAt) < RESEND_AFTER_MS
    ? 'The letter went out just now. Give it a minute.'
    : undefined
}

/** Who was asked to come, and what became of it. */
export function Invitations() {
  const { api } = useSession()
  const may = useMay('members:write')
  const invitations = useInfiniteQuery(securityQueries.invitations(api))
  const members = useQuery(securityQueries.members(api))
  const sets = useQuery(securityQueries.permissionSets(api))
  const [revoking, setRevoking] = useState<Invitation | null>(null)
  const resend = useAct((id: string) => api.invitations.resend(id), {
    done: 'The letter goes out again.',
    refresh: ['invitations'],
  })
  const confirmed = useConfirmed()
  const standing = (invitation: Invitation): string =>
    invitation.role ??
    sets.data?.find(({ id }) => id === invitation.permissionSetId)?.name ??
    'a permission set'
  const columns: readonly Column<Invitation>[] = [
    {
      id: 'email',
      header: 'Address',
      cell: (invitation) => <span className="font-medium break-all">{invitation.email}</span>,
    },
    {
      id: 'state',
      header: 'State',
      cell: ({ state, sentAt }) => (
        <span className="flex flex-wrap gap-1">
          <Chip tone={STATES[state].tone}>{STATES[state].words}</Chip>
          {state === 'open' && sentAt === null && <Chip tone="warn">letter not sent</Chip>}
        </span>
      ),
    },
    { id: 'role', header: 'As', cell: standing, hideBelow: 'sm' },
    {
      id: 'by',
      header: 'By',
      cell: ({ invitedBy }) => actorWords(invitedBy, members.data ?? []),
      hideBelow: 'lg',
    },
    {
      id: 'until',
      header: 'Works until',
      cell: ({ state, expiresAt }) => (state === 'open' ? <Time at={expiresAt} /> : '–'),
      hideBelow: 'md',
    },
    {
      id: 'acts',
      header: <span className="sr-only">Acts</span>,
      align: 'end',
      cell: (invitation) =>
        invitation.state === 'open' && (
          <span className="inline-flex flex-wrap justify-end gap-1.5">
            <Button
              aria-label={`Send again: ${invitation.email}`}
              disabledReason={may ?? tooSoon(invitation)}
              disabled={resend.isBusy}
              onClick={() => void resend.run(invitation.id)}
            >
              Send again
            </Button>
            <Button
              look="danger"
              aria-label={`Take back: ${invitation.email}`}
              disabledReason={may}
              onClick={() => setRevoking(invitation)}
            >
              Take back
            </Button>
          </span>
        ),
    },
  ]
  return (
    <>
      {resend.failure !== undefined && (
        <div className="p-3">
          <Note tone="bad">{resend.failure}</Note>
        </div>
      )}
      <Listing
        query={invitations}
        label="invitations"
        empty={<Empty title="Nobody was invited yet">“Invite somebody” mails a link to an address.</Empty>}
      >
        {(rows) => <DataTable rows={rows} columns={columns} rowKey={({ id }) => id} label="Invitations" />}
      </Listing>
      {revoking !== null && (
        <Confirm
          title={`Take back the invitation of ${revoking.email}?`}
          action="Take it back"
          danger
          onConfirm={() =>
            confirmed(() => api.invitations.revoke(revoking.id), {
              done: 'The link works no more.',
              refresh: ['invitations'],
            })
          }
          onClose={() => setRevoking(null)}
        >
          The link in the letter works no more. You can invite the address again.
        </Confirm>
      )}
    </>
  )
}
