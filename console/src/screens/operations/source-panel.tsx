import type { SourcesListOutput } from '@bulkhead/sdk'
import { useState } from 'react'
import { formatCount } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { PauseSource, ResumeSource } from './source-acts.tsx'
import { WarmUp } from './warm-up.tsx'

export type Source = SourcesListOutput['data'][number]
type Pause = Source['pauses'][number]

/** One source: its hosts, its rests, its warm-ups. */
export function SourcePanel({ source }: { readonly source: Source }) {
  const mayNot = useMay('sources:write')
  const [asking, setAsking] = useState<'pause' | 'resume' | null>(null)
  const ehlo = [...new Set(source.hosts.map(({ ehloName }) => ehloName))]
  const live = source.hosts.filter(({ live: isLive, usable }) => isLive && usable).length
  return (
    <Panel
      title={source.name}
      lead={ehlo.length === 0 ? undefined : `says ${ehlo.join(', ')}`}
      action={
        <div className="flex items-center gap-2">
          <Chip tone={source.pauses.length > 0 ? 'warn' : live > 0 ? 'ok' : 'bad'}>
            {source.pauses.some(({ provider }) => provider === null)
              ? 'rests'
              : source.pauses.length > 0
                ? 'rests in part'
                : live > 0
                  ? `sends from ${live} ${live === 1 ? 'host' : 'hosts'}`
                  : 'no host has it'}
          </Chip>
          {source.pauses.length > 0 && (
            <Button onClick={() => setAsking('resume')} disabledReason={mayNot}>
              Resume
            </Button>
          )}
          <Button onClick={() => setAsking('pause')} disabledReason={mayNot}>
            Pause
          </Button>
        </div>
      }
    >
      <ul>
        {source.hosts.map((host) => (
          <Row
            key={host.host}
            title={
              <>
                <span className="font-mono text-xs">
                  {host.addresses.length === 0 ? 'the routes of the host' : host.addresses.join(', ')}
                </span>
                {!host.usable && <Chip tone="bad">not there</Chip>}
                {!host.live && <Chip tone="neutral">silent</Chip>}
              </>
            }
            detail={
              <>
                host {host.host}, pools {host.pools.join(', ')}, weight {formatCount(host.weight)}
                {host.why !== null && `, ${host.why}`}
                {!host.live && (
                  <>
                    , last heard <Time at={host.seenAt} />
                  </>
                )}
              </>
            }
          />
        ))}
        {source.pauses.map((pause) => (
          <PauseRow key={`${pause.provider ?? ''} ${pause.kind} ${pause.beganAt}`} pause={pause} />
        ))}
      </ul>
      {source.warmUps.map((warmUp) => (
        <WarmUp key={warmUp.provider} warmUp={warmUp} />
      ))}
      {asking === 'pause' && <PauseSource source={source} onClose={() => setAsking(null)} />}
      {asking === 'resume' && <ResumeSource source={source} onClose={() => setAsking(null)} />}
    </Panel>
  )
}

function PauseRow({ pause }: { readonly pause: Pause }) {
  return (
    <Row
      title={
        <>
          <Chip tone="warn">{pause.kind === 'automatic' ? 'rests by itself' : 'paused'}</Chip>
          {pause.provider === null ? 'everywhere' : `at ${pause.provider}`}
        </>
      }
      detail={
        <>
          {pause.reason}, since <Time at={pause.beganAt} />
          {pause.until === null ? (
            ', until it is resumed'
          ) : (
            <>
              {' '}
              until <Time at={pause.until} />
            </>
          )}
          {pause.evidence.length > 0 && (
            <details className="mt-1">
              <summary>What was answered ({pause.evidence.length})</summary>
              <ul className="mt-1 flex flex-col gap-1">
                {pause.evidence.map((reply, place) => (
                  <li key={`${reply.at} ${place}`} className="font-mono break-words text-ink">
                    <span className="text-muted">{reply.rule}:</span> {reply.code} {reply.enhanced}{' '}
                    {reply.text}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      }
    />
  )
}
