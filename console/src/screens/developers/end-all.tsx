import { useQueryClient } from '@tanstack/react-query'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { useToast } from '../../ui/toast.tsx'
import type { CredentialKind } from './credential-kinds.ts'
import { stateOf, type Credential } from './credential-state.ts'

const DAY_MS = 86_400_000
const NAMED_MAX = 5

/** Ends every credential of a kind that was made until now, after a look at what that stops. */
export function EndAll({
  kind,
  credentials,
  isWhole,
  onClose,
}: {
  readonly kind: CredentialKind
  readonly credentials: readonly Credential[]
  readonly isWhole: boolean
  readonly onClose: () => void
}) {
  const { api, token } = useSession()
  const client = useQueryClient()
  const toast = useToast()
  const nowMs = Date.now()
  const living = credentials.filter((credential) => stateOf(credential, nowMs).isAlive)
  const inUse = living.filter(
    ({ lastUsedAt }) => lastUsedAt !== null && nowMs - Date.parse(lastUsedAt) < DAY_MS,
  )
  const own = token !== null && kind.kind === 'api_key'
  return (
    <Confirm
      title={`End all ${kind.many}?`}
      action={`End all ${kind.many}`}
      danger
      reason="required"
      typed={`end ${formatCount(living.length)}`}
      onConfirm={async (reason) => {
        await api.epochs.bump({ class: kind.kind, reason })
        toast(`All ${kind.many} that were made until now are ended.`)
        await Promise.all(
          [kind.refresh, 'epochs'].map((noun) => client.invalidateQueries({ queryKey: [noun] })),
        )
      }}
      onClose={onClose}
    >
      <p>
        For the hour in which you do not know what was taken. Everything that was made until now ends within a
        second.
      </p>
      <ul className="mt-2 list-disc pl-5 text-ink">
        <li>
          {isWhole ? '' : 'More than '}
          {formatCount(living.length)} that work now
        </li>
        <li>
          {formatCount(inUse.length)} used within the last day
          {inUse.length > 0 &&
            `: ${inUse
              .slice(0, NAMED_MAX)
              .map(({ name }) => name)
              .join(', ')}${inUse.length > NAMED_MAX ? ', …' : ''}`}
        </li>
        {own && <li>the key that you are signed in with: this page signs out</li>}
      </ul>
      <p className="mt-2">There is no way back; what is made afterwards lives.</p>
    </Confirm>
  )
}
