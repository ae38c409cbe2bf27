import { useQuery } from '@tanstack/react-query'
import { useSession } from '../../session/session.ts'
import { Guard } from '../../ui/guard.tsx'
import { GlobeIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { operationsQueries } from './operations-queries.ts'
import { Routing } from './routing.tsx'
import { SourcePanel } from './source-panel.tsx'

/** Where mail leaves from. */
export function SourcesScreen() {
  return (
    <Page
      title="Sources"
      lead="Where mail leaves from: addresses and their names, how far new ones are warmed up, what rests and why."
    >
      <Guard scope="sources:read" what="the sources">
        <Sources />
      </Guard>
    </Page>
  )
}

function Sources() {
  const { api } = useSession()
  const sources = useQuery(operationsQueries.sources(api))
  return (
    <>
      <Loaded query={sources} label="the sources">
        {({ data }) =>
          data.length === 0 ? (
            <div className="rounded-lg border border-line bg-surface">
              <Empty icon={<GlobeIcon className="size-6" />} title="No sender has told of a source yet">
                Senders tell where they send from when mail goes out directly. In development mail is
                captured, and a relay has addresses of its own. Sources are named in the file of
                BULKHEAD_SHAPING.
              </Empty>
            </div>
          ) : (
            data.map((source) => <SourcePanel key={source.name} source={source} />)
          )
        }
      </Loaded>
      <Routing
        pools={[
          ...new Set((sources.data?.data ?? []).flatMap(({ hosts }) => hosts.flatMap(({ pools }) => pools))),
        ]}
      />
    </>
  )
}
