import { Link } from '@tanstack/react-router'
import type { Alert, Member } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field } from '../../ui/field.tsx'
import { useMay } from '../../ui/guard.tsx'
import { linkLook } from '../../ui/link.ts'
import { Panel } from '../../ui/panel.tsx'
import { SEVERITY_TONES } from '../../ui/severity.ts'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { factsOf, PLACE_WORDS, placesAfter } from './alert-words.ts'
import { actorWords, counted, nameOfMember } from './people-words.ts'

const NOTE_CHARS_MAX = 500

/** One alert: what was seen, what was done by itself, what to do, and the word of whoever has seen it. */
export function AlertDetail({
  alert,
  isOperator,
  members,
  onClose,
}: {
  readonly alert: Alert
  readonly isOperator: boolean
  readonly members: readonly Member[]
  readonly onClose: () => void
}) {
  const { person } = useSession()
  const member = members.find(({ personId }) => personId === alert.personId)
  const places = isOperator
    ? placesAfter(alert.kind).filter(
        (place) => place === '/security/audit' || place === '/operations/shaping',
      )
    : placesAfter(alert.kind).filter(
        (place) =>
          (place !== 'member' || member !== undefined) &&
          (place !== '/security/account' || alert.personId === person?.account.id),
      )
  return (
    <Panel
      title={alert.text}
      lead={<span className="font-mono text-xs">{alert.kind}</span>}
      action={<Button onClick={onClose}>Close</Button>}
    >
      <Facts
        rows={[
          [
            'Severity',
            <Chip key="severity" tone={SEVERITY_TONES[alert.severity]}>
              {alert.severity}
            </Chip>,
          ],
          [
            'Seen',
            <span key="seen">
              <Time at={alert.createdAt} />
              {alert.occurrences > 1 && (
                <>
                  , {counted(alert.occurrences, 'time')}, last <Time at={alert.lastAt} />
                </>
              )}
            </span>,
          ],
          ...(alert.personId === null
            ? []
            : [['Concerns', member === undefined ? alert.personId : nameOfMember(member)] as const]),
          ...factsOf(alert.detail),
          ['Done by itself', alert.response ?? 'Nothing but telling you.'],
          [
            'What to do',
            <div key="advice">
              <p>{alert.advice}</p>
              <ul className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
                {places.map((place) => (
                  <li key={place}>
                    {place === 'member' ? (
                      member !== undefined && (
                        <Link
                          to="/security/members/$memberId"
                          params={{ memberId: member.id }}
                          className={linkLook}
                        >
                          {PLACE_WORDS.member}
                        </Link>
                      )
                    ) : (
                      <Link to={place} className={linkLook}>
                        {PLACE_WORDS[place]}
                      </Link>
                    )}
                  </li>
                ))}
              </ul>
            </div>,
          ],
          ...(alert.acknowledgedAt === null
            ? []
            : [
                [
                  'Seen by',
                  <span key="by">
                    {alert.acknowledgedBy === null ? 'somebody' : actorWords(alert.acknowledgedBy, members)},{' '}
                    <Time at={alert.acknowledgedAt} />
                    {alert.note !== null && <q className="mt-1 block break-words">{alert.note}</q>}
                  </span>,
                ] as const,
              ]),
        ]}
      />
      {alert.acknowledgedAt === null && (
        <Acknowledge alert={alert} isOperator={isOperator} onDone={onClose} />
      )}
    </Panel>
  )
}

function Acknowledge({
  alert,
  isOperator,
  onDone,
}: {
  readonly alert: Alert
  readonly isOperator: boolean
  readonly onDone: () => void
}) {
  const { api } = useSession()
  const { can } = useAccess()
  const may = useMay(isOperator ? 'installation-alerts:write' : 'alerts:write')
  const [note, setNote] = useState('')
  const said = note.trim() === '' ? {} : { note: note.trim() }
  const acknowledge = useAct(
    () =>
      isOperator
        ? api.alerts.acknowledgeInstallation(alert.id, said)
        : api.alerts.acknowledge(alert.id, said),
    { done: 'Others see that you have it.', refresh: ['alerts'] },
  )
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (await acknowledge.run()) onDone()
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="p-4">
      <Field
        label="What the others shall know (optional)"
        name="note"
        maxLength={NOTE_CHARS_MAX}
        value={note}
        onChange={(event) => setNote(event.target.value)}
        placeholder="It was our load test."
        disabled={!can(isOperator ? 'installation-alerts:write' : 'alerts:write')}
        problem={acknowledge.failure}
        hint="Nothing else changes by it: what was marked stays marked."
      />
      <Button type="submit" look="main" disabled={acknowledge.isBusy} disabledReason={may}>
        I have seen it
      </Button>
    </form>
  )
}
