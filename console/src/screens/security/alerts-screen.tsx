import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { ShieldIcon } from '../../ui/icons.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { SecurityPage } from './security-tabs.tsx'

const TONES: Readonly<Record<string, Tone>> = { medium: 'info', high: 'warn', critical: 'bad' }

/** What was noticed around the people of the workspace. */
export function AlertsScreen() {
  const { api } = useSession()
  const [state, setState] = useState<'open' | 'all'>('open')
  const client = useQueryClient()
  const alerts = useQuery(queries.alerts(api, state))
  const acknowledge = useMutation({
    mutationFn: (id: string) => api.alerts.acknowledge(id),
    onSettled: () => void client.invalidateQueries({ queryKey: ['alerts'] }),
  })
  return (
    <SecurityPage title="Alerts">
      <Panel
        title={state === 'open' ? 'Open alerts' : 'All alerts'}
        lead="Owners are told by mail and webhook when one is raised."
        action={
          <Button onClick={() => setState(state === 'open' ? 'all' : 'open')}>
            {state === 'open' ? 'Show all' : 'Show open ones'}
          </Button>
        }
      >
        {alerts.isPending && <LoadingRows rows={3} label="Loading alerts" />}
        {alerts.isError && <Failure error={alerts.error} onRetry={() => void alerts.refetch()} />}
        {alerts.isSuccess && alerts.data.data.length === 0 && (
          <Empty icon={<ShieldIcon className="size-6" />} title="Nothing to see">
            {state === 'open' ? 'There is no alert that nobody has looked at.' : 'There was never one.'}
          </Empty>
        )}
        {alerts.isSuccess && alerts.data.data.length > 0 && (
          <ul>
            {alerts.data.data.map((alert) => (
              <Row
                key={alert.id}
                title={
                  <>
                    <Chip tone={TONES[alert.severity] ?? 'neutral'}>{alert.severity}</Chip> {alert.text}
                  </>
                }
                detail={
                  <>
                    {alert.advice} · <Time at={alert.createdAt} />
                    {alert.occurrences > 1 && `, ${alert.occurrences} times, last `}
                    {alert.occurrences > 1 && <Time at={alert.lastAt} />}
                  </>
                }
                action={
                  alert.acknowledgedAt === null ? (
                    <Button onClick={() => acknowledge.mutate(alert.id)} disabled={acknowledge.isPending}>
                      I have seen it
                    </Button>
                  ) : (
                    <span className="text-xs text-muted">
                      seen <Time at={alert.acknowledgedAt} />
                    </span>
                  )
                }
              />
            ))}
          </ul>
        )}
      </Panel>
    </SecurityPage>
  )
}
