import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Suppression } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { evidenceRows } from './evidence.tsx'
import { Explained } from './explained.tsx'
import { SuppressionForm } from './suppression-form.tsx'
import { BEFORE_LIFTING, REASON_TONES, REASON_WORDS, SCOPE_WORDS } from './suppression-words.ts'
import { suppressionQueries } from './suppressions-queries.ts'

/** One address that is not mailed: why, since when, what caused it, and how to lift it. */
export function SuppressionPage({ id }: { readonly id: string }) {
  const { api } = useSession()
  const query = useQuery(suppressionQueries.one(api, id))
  const mayNot = useAllowed('suppressions:write', 'write')
  const [open, setOpen] = useState<'edit' | 'lift'>()
  const entry = query.data
  return (
    <Page
      title={entry === undefined ? 'Suppression' : (entry.email ?? 'An erased address')}
      width="reading"
      back={
        <Link to="/suppressions" className={linkLook}>
          Suppressions
        </Link>
      }
      actions={
        entry !== undefined && (
          <>
            <Button onClick={() => setOpen('edit')} disabledReason={mayNot}>
              Edit
            </Button>
            <Button look="danger" onClick={() => setOpen('lift')} disabledReason={mayNot}>
              Lift
            </Button>
          </>
        )
      }
    >
      <Loaded query={query} label="the entry">
        {(found) => (
          <>
            {found.email !== null && <Explained email={found.email} />}
            <EntryFacts entry={found} />
            {open === 'edit' && <SuppressionForm entry={found} onClose={() => setOpen(undefined)} />}
            {open === 'lift' && <Lift entry={found} onClose={() => setOpen(undefined)} />}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function EntryFacts({ entry }: { readonly entry: Suppression }) {
  const evidence = evidenceRows(entry.evidence)
  return (
    <>
      <Panel title="The entry">
        <Facts
          rows={[
            [
              'Reason',
              <Chip key="reason" tone={REASON_TONES[entry.reason]}>
                {REASON_WORDS[entry.reason]}
              </Chip>,
            ],
            ['Stops', SCOPE_WORDS[entry.scope]],
            ['Since', <Time key="since" at={entry.createdAt} />],
            ['Ends', entry.expiresAt === null ? 'not by itself' : <Time key="end" at={entry.expiresAt} />],
            ['Note', entry.note ?? <span className="text-muted">none</span>],
            ...(entry.messageId === null
              ? []
              : ([
                  [
                    'Caused by',
                    <Link
                      key="m"
                      to="/messages/$messageId"
                      params={{ messageId: entry.messageId }}
                      className={linkLook}
                    >
                      <code>{entry.messageId}</code>
                    </Link>,
                  ],
                ] as const)),
            ...(entry.importId === null
              ? []
              : ([
                  [
                    'Came with',
                    <Link
                      key="i"
                      to="/suppressions"
                      search={{ view: 'imports', import: entry.importId }}
                      className={linkLook}
                    >
                      the import <code>{entry.importId}</code>
                    </Link>,
                  ],
                ] as const)),
            ['Id', <code key="id">{entry.id}</code>],
          ]}
        />
      </Panel>
      {evidence.length > 0 && (
        <Panel title="The evidence" lead="Written by the other side; shown as text.">
          <Facts rows={evidence} />
        </Panel>
      )}
    </>
  )
}

function Lift({ entry, onClose }: { readonly entry: Suppression; readonly onClose: () => void }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const toast = useToast()
  return (
    <Confirm
      title="Send mail there again?"
      action="Lift it"
      danger={entry.reason !== 'manual'}
      reason="optional"
      onConfirm={async (why) => {
        await api.suppressions.delete(entry.id, why === '' ? {} : { why })
        toast('It gets mail again.')
        await navigate({ to: '/suppressions' })
      }}
      onClose={onClose}
    >
      {BEFORE_LIFTING[entry.reason]}
    </Confirm>
  )
}
