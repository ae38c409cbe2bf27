import { useState } from 'react'
import type { Containment } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Row } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { capabilityLabel, REASON_WORDS } from './capability-words.ts'

type State = Containment['state']

const STATES: Readonly<Record<State, { readonly tone: Tone; readonly label: string }>> = {
  active: { tone: 'bad', label: 'in force' },
  lift_requested: { tone: 'warn', label: 'in force, lift asked for' },
  lifted: { tone: 'neutral', label: 'lifted' },
  expired: { tone: 'neutral', label: 'ended by itself' },
}

/** One containment: what it binds, why, until when, and the two steps of its lift. */
export function ContainmentRow({ containment }: { readonly containment: Containment }) {
  const { state, inForce, approvals, credential } = containment
  return (
    <Row
      title={
        <>
          <Chip tone={STATES[state].tone}>{STATES[state].label}</Chip>
          {containment.capabilities.map(capabilityLabel).join(', ')}
        </>
      }
      detail={
        <span className="flex flex-col gap-0.5">
          <span>
            Binds {boundWords(containment)}. {REASON_WORDS[containment.reasonCode]}: “{containment.reason}”
            {containment.incident !== null && ` · ${containment.incident}`}
            {containment.evidence !== null && ` · evidence: ${containment.evidence}`}
          </span>
          <span>
            Since <Time at={containment.madeAt} /> by {containment.madeBy};{' '}
            {inForce ? (
              <>
                ends by itself <Time at={containment.until} />
              </>
            ) : (
              <>
                ended <Time at={containment.endedAt ?? containment.until} />
              </>
            )}
            . {credential !== null && <code className="font-mono">{credential} </code>}
            <code className="font-mono">{containment.id}</code>
          </span>
          {approvals.map((approval) => (
            <span key={approval.step}>
              {approval.step === 'request' ? 'Lift asked for by' : 'Lifted by'} {approval.actor},{' '}
              <Time at={approval.at} />: “{approval.reason}”
            </span>
          ))}
        </span>
      }
      action={inForce ? <Lift containment={containment} /> : undefined}
    />
  )
}

function boundWords({ scope, credential, actorClass }: Containment): string {
  const whom =
    scope === 'installation'
      ? 'the whole installation'
      : scope === 'workspace' || credential === null
        ? 'this workspace'
        : scope === 'member'
          ? 'one person'
          : 'one credential'
  return actorClass === 'any' ? whom : `${whom}, in ${actorClass} processes`
}

function Lift({ containment }: { readonly containment: Containment }) {
  const { api } = useSession()
  const [isOpen, setIsOpen] = useState(false)
  const mayNot = useMay('containments:write')
  const isSecond = containment.state === 'lift_requested'
  const act = useAct(
    (reason: string) =>
      isSecond
        ? api.containments.lift(containment.id, { reason })
        : api.containments.requestLift(containment.id, { reason }),
    {
      done: isSecond ? 'Lifted: all is as it was.' : 'Asked for. A second person lifts it.',
      refresh: ['containments', 'access'],
    },
  )
  const disabledReason =
    containment.liftableBy === 'staff' ? 'Staff contained this; only staff lift it. Appeal to them.' : mayNot
  return (
    <>
      <Button onClick={() => setIsOpen(true)} disabledReason={disabledReason}>
        {isSecond ? 'Lift' : 'Ask to lift'}
      </Button>
      {isOpen && (
        <Confirm
          title={isSecond ? 'Lift the containment' : 'Ask for the lift'}
          action={isSecond ? 'Lift now' : 'Ask to lift'}
          reason="required"
          onConfirm={act.orThrow}
          onClose={() => setIsOpen(false)}
        >
          {isSecond
            ? 'You are the second person: with your word it ends at once, and what waited goes on. Whoever asked for the lift cannot be the one who gives it.'
            : 'Nothing changes yet. A second person, who was here before the containment was made, lifts it.'}
        </Confirm>
      )}
    </>
  )
}
