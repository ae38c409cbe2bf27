import { Link } from '@tanstack/react-router'
import type { Change } from '@bulkhead/sdk'
import { linkLook } from '../../ui/link.ts'

/** Leads to what was changed. */
export function ChangeTarget({ change }: { readonly change: Pick<Change, 'kind' | 'target'> }) {
  const { kind, target } = change
  if (kind.startsWith('domain.'))
    return (
      <Link to="/domains/$domainId" params={{ domainId: target }} className={linkLook}>
        See the domain
      </Link>
    )
  if (kind.startsWith('sender.'))
    return (
      <Link to="/senders" className={linkLook}>
        See the senders
      </Link>
    )
  if (kind.startsWith('webhook.'))
    return (
      <Link to="/webhooks/$webhookId" params={{ webhookId: target }} className={linkLook}>
        See the webhook
      </Link>
    )
  return (
    <Link to="/security/members/$memberId" params={{ memberId: target }} className={linkLook}>
      See the member
    </Link>
  )
}
