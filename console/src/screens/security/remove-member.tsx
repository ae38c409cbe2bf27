import { useNavigate } from '@tanstack/react-router'
import type { Member } from '@bulkhead/sdk'
import { useId, useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Panel } from '../../ui/panel.tsx'
import { nameOfMember } from './people-words.ts'
import { useConfirmed } from './use-confirmed.ts'

const CHOICES = [
  {
    value: 'revoke',
    words: 'Revoke the keys that this member made',
    hint: 'What uses them stops. Right where you do not trust the member, or do not know.',
  },
  {
    value: 'keep',
    words: 'Keep them',
    hint: 'Your programs go on; so does whoever has noted a key.',
  },
] as const

/** Ends a membership, and says what becomes of the keys. */
export function RemoveMember({
  member,
  isSelf,
  refusal,
}: {
  readonly member: Member
  readonly isSelf: boolean
  readonly refusal: string | undefined
}) {
  const { api } = useSession()
  const id = useId()
  const navigate = useNavigate()
  const [credentials, setCredentials] = useState<'keep' | 'revoke'>('revoke')
  const [isAsking, setIsAsking] = useState(false)
  const confirmed = useConfirmed()
  const name = nameOfMember(member)
  return (
    <Panel
      title={isSelf ? 'Leave' : 'Remove'}
      lead={
        refusal ??
        'Ends what this member can do here within a second, live connections too. Coming back takes a new invitation.'
      }
    >
      <div className="p-4">
        <fieldset className="mb-4" disabled={refusal !== undefined}>
          <legend className="mb-1.5 text-sm font-medium">API keys and SMTP credentials</legend>
          {CHOICES.map(({ value, words, hint }) => (
            <label key={value} className="flex items-start gap-2.5 py-1 text-sm">
              <input
                type="radio"
                name={id}
                className="mt-0.5 shrink-0 accent-accent"
                checked={credentials === value}
                onChange={() => setCredentials(value)}
              />
              <span>
                {words}
                <span className="block text-xs text-muted">{hint}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Button look="danger" disabledReason={refusal} onClick={() => setIsAsking(true)}>
          {isSelf ? 'Leave the workspace…' : `Remove ${name}…`}
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title={isSelf ? 'Leave the workspace?' : `Remove ${name}?`}
          action={isSelf ? 'Leave' : 'Remove'}
          danger
          typed={member.email}
          onConfirm={async () => {
            await confirmed(() => api.members.remove(member.id, { credentials }), {
              done: `${name} is no member any more.`,
              refresh: ['permission-sets', 'invitations', 'changes'],
            })
            await navigate({ to: isSelf ? '/security/account' : '/security/members' })
          }}
          onClose={() => setIsAsking(false)}
        >
          {credentials === 'revoke'
            ? 'The membership ends, and the keys that this member made are revoked: programs that use them stop.'
            : 'The membership ends. The keys that this member made go on working.'}
        </Confirm>
      )}
    </Panel>
  )
}
