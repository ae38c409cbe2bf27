import { Link } from '@tanstack/react-router'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { LoadingRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import type { Whose } from './home-queries.ts'
import { useAttention } from './use-attention.ts'

/** What wants a person: alarms, approvals, what is cut off or stopped, domains that are not ready. Calm where nothing does. */
export function AttentionPanel({ whose }: { readonly whose: Whose }) {
  const { items, isPending, failed, retry } = useAttention(whose)
  return (
    <Panel title="Waits for you">
      {items.length > 0 && (
        <ul>
          {items.map((item) => (
            <Row
              key={item.id}
              title={
                <>
                  <Chip tone={item.tone}>{item.chip}</Chip>
                  {item.place === null ? (
                    <span className="min-w-0">{item.title}</span>
                  ) : (
                    <Link {...item.place} className="min-w-0 rounded hover:underline">
                      {item.title}
                    </Link>
                  )}
                </>
              }
              detail={item.detail}
              {...(item.at === null
                ? {}
                : { action: <Time at={item.at} className="tabular text-xs text-muted" /> })}
            />
          ))}
        </ul>
      )}
      {items.length === 0 && isPending && <LoadingRows rows={2} label="Loading what waits for you" />}
      {items.length === 0 && !isPending && failed.length === 0 && (
        <p className="px-4 py-5 text-sm text-muted">Nothing. No alarm is open and no approval is due.</p>
      )}
      {failed.length > 0 && (
        <div className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-2.5 text-sm text-muted">
          <span role="alert">Could not be loaded: {failed.join(', ')}.</span>
          <Button onClick={retry}>Try again</Button>
        </div>
      )}
    </Panel>
  )
}
