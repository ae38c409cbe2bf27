import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Invite } from './invite.tsx'
import { Invitations } from './invitations.tsx'
import type { MembersSearch } from './members-search.ts'
import { MembersTable } from './members-table.tsx'
import { PermissionSets } from './permission-sets.tsx'
import { securityQueries } from './security-queries.ts'

const route = getRouteApi('/security/members')

/** Who works here, who is invited, and what they may do. */
export function MembersScreen() {
  const { tab, q } = route.useSearch()
  const navigate = route.useNavigate()
  const may = useMay('members:write')
  const [isInviting, setIsInviting] = useState(false)
  const go = (search: MembersSearch): void => void navigate({ search })
  return (
    <Page
      title="Members"
      lead="What somebody may do holds from the next request on. A removal ends live connections within a second."
      actions={
        <Button
          look="main"
          disabledReason={may}
          onClick={() => setIsInviting(!isInviting)}
          aria-expanded={isInviting}
        >
          Invite somebody
        </Button>
      }
    >
      <Guard scope="members:read" what="the members">
        {isInviting && (
          <Invite
            onClose={() => setIsInviting(false)}
            onInvited={() => {
              setIsInviting(false)
              go({ tab: 'invitations' })
            }}
          />
        )}
        <section className="rounded-lg border border-line bg-surface" aria-label="Members">
          <div className="border-b border-line px-2">
            <Tabs
              label="Parts of this page"
              tabs={[
                { name: 'people', label: <Counted label="People" /> },
                { name: 'invitations', label: 'Invitations' },
                { name: 'sets', label: 'Permission sets' },
              ]}
              chosen={tab ?? 'people'}
              onChoose={(name) => go(name === 'people' ? {} : { tab: name })}
              idPrefix="members"
            />
          </div>
          <div id="members-panel" role="tabpanel" aria-labelledby={`members-tab-${tab ?? 'people'}`}>
            {tab === undefined && (
              <MembersTable q={q ?? ''} onSearch={(text) => go(text === '' ? {} : { q: text })} />
            )}
            {tab === 'invitations' && <Invitations />}
            {tab === 'sets' && <PermissionSets />}
          </div>
        </section>
      </Guard>
    </Page>
  )
}

function Counted({ label }: { readonly label: string }) {
  const { api } = useSession()
  const members = useQuery(securityQueries.members(api))
  return (
    <>
      {label}
      {members.data !== undefined && (
        <span className="tabular ml-1.5 text-xs text-muted">{members.data.length}</span>
      )}
    </>
  )
}
