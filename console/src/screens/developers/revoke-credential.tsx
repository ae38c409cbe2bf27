import { useQueryClient } from '@tanstack/react-query'
import { useSession } from '../../session/session.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { useToast } from '../../ui/toast.tsx'
import type { CredentialKind } from './credential-kinds.ts'
import { whatBreaks, type Credential } from './credential-state.ts'

/** Asks before a credential is ended for good, with what is known of who uses it. */
export function RevokeCredential({
  kind,
  credential,
  onClose,
}: {
  readonly kind: CredentialKind
  readonly credential: Credential
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const client = useQueryClient()
  const toast = useToast()
  return (
    <Confirm
      title={`Revoke “${credential.name}”?`}
      action="Revoke it"
      danger
      onConfirm={async () => {
        await kind.revoke(api, credential.id)
        await client.invalidateQueries({ queryKey: [kind.refresh] })
        toast(`“${credential.name}” is revoked.`)
      }}
      onClose={onClose}
    >
      <p className="text-ink">{whatBreaks(credential, Date.now())}</p>
      <p className="mt-2">
        It stops working within a second, open connections too, and cannot be brought back. To change over
        without a gap, rotate it instead.
      </p>
    </Confirm>
  )
}
