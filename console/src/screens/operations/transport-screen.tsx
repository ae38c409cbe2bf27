import { useNavigate, useSearch } from '@tanstack/react-router'
import { useAccess } from '../../session/access.ts'
import { Guard } from '../../ui/guard.tsx'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import type { TransportView } from './operations-search.ts'
import { TlsReceived } from './tls-received.tsx'
import { TlsSent } from './tls-sent.tsx'
import { StsPolicies, TransportNow } from './transport-now.tsx'

const OPERATOR_TABS: readonly { readonly name: TransportView; readonly label: string }[] = [
  { name: 'now', label: 'On its way' },
  { name: 'policies', label: 'MTA-STS policies' },
  { name: 'received', label: 'Reports to us' },
  { name: 'sent', label: 'Reports to others' },
]

/** What protects mail between servers, and the reports about it. Members see the reports about their own domains. */
export function TransportScreen() {
  const { isOperator } = useAccess()
  const search = useSearch({ from: '/operations/transport' })
  const navigate = useNavigate()
  const view = isOperator ? (search.view ?? 'now') : 'received'
  return (
    <Page
      title="Transport"
      lead={
        isOperator
          ? 'What protects mail on its way to other servers, what went wrong, and the daily reports about it.'
          : 'What mailbox providers report about sessions with the mail servers of your domains: whether they were encrypted and verified.'
      }
    >
      <Guard scope={isOperator ? 'workspaces:read' : 'domains:read'} what="TLS reports">
        <div className="rounded-lg border border-line bg-surface">
          {isOperator && (
            <div className="border-b border-line px-2">
              <Tabs
                label="Transport"
                tabs={OPERATOR_TABS}
                chosen={view}
                idPrefix="transport"
                onChoose={(chosen) =>
                  void navigate({ to: '/operations/transport', search: { view: chosen }, replace: true })
                }
              />
            </div>
          )}
          <div
            {...(isOperator
              ? { role: 'tabpanel', id: 'transport-panel', 'aria-labelledby': `transport-tab-${view}` }
              : {})}
          >
            {view === 'now' && <TransportNow />}
            {view === 'policies' && <StsPolicies />}
            {view === 'received' && <TlsReceived domain={search.domain} />}
            {view === 'sent' && <TlsSent />}
          </div>
        </div>
      </Guard>
    </Page>
  )
}
