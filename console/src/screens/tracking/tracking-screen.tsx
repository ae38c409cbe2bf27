import { Facts } from '../../ui/facts.tsx'
import { Guard } from '../../ui/guard.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { LinkDomains } from './link-domains.tsx'
import { TrackingChoices } from './tracking-settings.tsx'

/** Whether opens and clicks are tracked, what they mean, and the hosts that links lead over. */
export function TrackingScreen() {
  return (
    <Page
      title="Tracking"
      lead="Whether mail was opened and links were clicked. Nothing is tracked until you want it."
    >
      <Guard scope="domains:read" what="what is tracked">
        <TrackingChoices />
        <LinkDomains />
        <Panel title="People and machines" lead="A fetch is judged before it is counted.">
          <Facts rows={KINDS} />
          <p className="max-w-prose px-4 py-3 text-sm text-muted">
            A machine that behaves like a person is taken for one, so read the numbers as a trend. Network
            addresses and browsers are not stored. A message with several recipients has one count for all of
            them.
          </p>
        </Panel>
      </Guard>
    </Page>
  )
}

const KINDS = [
  ['Person', 'A browser or mail program, and nothing that speaks against it.'],
  [
    'Proxy',
    'A server that fetches for readers, whether they look or not: Gmail, Yahoo, Apple Mail Privacy Protection.',
  ],
  [
    'Scanner',
    'Looks for harm or shows a preview: security gateways, chat programs; also who follows every link within seconds.',
  ],
  ['Unknown', 'It says too little of itself.'],
] as const
