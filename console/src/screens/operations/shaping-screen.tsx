import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useAccess } from '../../session/access.ts'
import { LockIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import type { ShapingSearch, ShapingView } from './operations-search.ts'
import { ShapingLimits } from './shaping-limits.tsx'
import { ShapingOverlays } from './shaping-overlays.tsx'
import { ShapingRules } from './shaping-rules.tsx'

const TABS: readonly { readonly name: ShapingView; readonly label: string }[] = [
  { name: 'overlays', label: 'In force' },
  { name: 'limits', label: 'Limits of a domain' },
  { name: 'rules', label: 'Rules' },
]

/** How fast mail goes where, and why: for whoever runs the installation. */
export function ShapingScreen() {
  const { can } = useAccess()
  const search = useSearch({ from: '/operations/shaping' })
  return (
    <Page
      title="Shaping"
      lead="How fast mail goes to a site, over how many connections, and what was learnt from what sites answered."
    >
      {can('shaping:read') ? (
        <Views search={search} />
      ) : (
        <Empty icon={<LockIcon className="size-6" />} title="Shaping is the operator's">
          Rules and what was learnt hold for the mail of everybody, so only the operator&apos;s key shows
          them. What they mean for your mail stands in the{' '}
          <Link to="/operations/queue" className={linkLook}>
            queue
          </Link>
          , and on the page of each message that waits.
        </Empty>
      )}
    </Page>
  )
}

function Views({ search }: { readonly search: ShapingSearch }) {
  const navigate = useNavigate()
  const view = search.view ?? 'overlays'
  return (
    <div className="rounded-lg border border-line bg-surface">
      <div className="border-b border-line px-2">
        <Tabs
          label="Shaping"
          tabs={TABS}
          chosen={view}
          idPrefix="shaping"
          onChoose={(chosen) =>
            void navigate({ to: '/operations/shaping', search: { ...search, view: chosen }, replace: true })
          }
        />
      </div>
      <div role="tabpanel" id="shaping-panel" aria-labelledby={`shaping-tab-${view}`}>
        {view === 'overlays' && <ShapingOverlays search={search} />}
        {view === 'limits' && <ShapingLimits search={search} />}
        {view === 'rules' && <ShapingRules />}
      </div>
    </div>
  )
}
