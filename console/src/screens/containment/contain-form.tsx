import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { ContainmentsPreviewInput, ContainmentsPreviewOutput } from '@bulkhead/sdk'
import { describeFailure } from '../../api/problem.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/check.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import {
  ALL_BUT_READ,
  CAPABILITY_WORDS,
  capabilityLabel,
  LANES_OF,
  REASON_CODES,
  REASON_WORDS,
  type Capability,
  type ReasonCode,
} from './capability-words.ts'
import { ContainmentPreview } from './containment-preview.tsx'

const HOURS = [
  [1, '1 hour'],
  [4, '4 hours'],
  [24, '24 hours'],
  [24 * 7, '7 days'],
  [24 * 30, '30 days'],
] as const

/** Cuts something off: what, whom, why, for how long; the preview says what it would block and who would pay for it. */
export function ContainForm({
  credential,
  onClose,
}: {
  readonly credential: string | undefined
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const [chosen, setChosen] = useState<readonly Capability[]>(ALL_BUT_READ)
  const [whom, setWhom] = useState(credential ?? '')
  const [reason, setReason] = useState('')
  const [code, setCode] = useState<ReasonCode>('security_hold')
  const [hours, setHours] = useState(24)
  const [incident, setIncident] = useState('')
  const [isAsking, setIsAsking] = useState(false)
  const wish = { capabilities: [...chosen], ...(whom.trim() === '' ? {} : { credential: whom.trim() }) }
  const preview = useMutation<ContainmentsPreviewOutput, Error, ContainmentsPreviewInput>({
    mutationFn: (previewed) => api.containments.preview(previewed),
  })
  // What was previewed for another wish says nothing of this one.
  const isPreviewed = preview.variables !== undefined && isSameWish(preview.variables, wish)
  const act = useAct(
    () =>
      api.containments.create({
        ...wish,
        reason: reason.trim(),
        reasonCode: code,
        hours,
        ...(incident.trim() === '' ? {} : { incident: incident.trim() }),
      }),
    { done: 'Contained. Nothing of it is in flight any more.', refresh: ['containments', 'access', 'queue'] },
  )
  const lacks = chosen.length === 0 ? 'Choose what is cut off.' : undefined
  // Enter looks and does nothing: what cuts off is pressed, and asks.
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    preview.mutate(wish)
  }
  return (
    <Panel
      title="Contain"
      lead="When this is done, nothing that it forbids is in flight any more. It is done in less than a second and can be lifted."
    >
      <form onSubmit={submit} noValidate className="grid gap-x-8 gap-y-4 px-4 py-4 lg:grid-cols-2">
        <Capabilities chosen={chosen} onChange={setChosen} />
        <div>
          <Field
            label="Only this credential or person (optional)"
            name="credential"
            value={whom}
            onChange={(event) => setWhom(event.target.value)}
            placeholder="key_…, smtp_… or per_…"
            hint="Empty: the whole workspace."
          />
          <Field
            label="Why"
            name="reason"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            required
            maxLength={2000}
            hint="Whoever is cut off reads this."
          />
          <div className="mb-4 grid gap-4 sm:grid-cols-2">
            <Select
              label="Kind of reason"
              value={code}
              onChange={(event) => setCode(REASON_CODES.find((item) => item === event.target.value) ?? code)}
            >
              {REASON_CODES.map((item) => (
                <option key={item} value={item}>
                  {REASON_WORDS[item]}
                </option>
              ))}
            </Select>
            <Select
              label="Ends by itself after"
              value={String(hours)}
              onChange={(event) => setHours(Number(event.target.value))}
            >
              {HOURS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </Select>
          </div>
          <Field
            label="Incident (optional)"
            name="incident"
            value={incident}
            onChange={(event) => setIncident(event.target.value)}
            placeholder="INC-7"
            maxLength={200}
          />
        </div>
        <div className="flex flex-col gap-3 lg:col-span-2">
          {isPreviewed && preview.data !== undefined && (
            <ContainmentPreview
              preview={preview.data}
              onTake={({ capabilities, credential: only }) => {
                setChosen(capabilities)
                setWhom(only ?? '')
              }}
            />
          )}
          {isPreviewed && preview.isError && <Note tone="bad">{describeFailure(preview.error).detail}</Note>}
          <div className="flex flex-wrap gap-2">
            <Button type="submit" disabled={preview.isPending} disabledReason={lacks}>
              {preview.isPending ? 'Looking…' : 'Preview'}
            </Button>
            <Button
              look="danger"
              onClick={() => setIsAsking(true)}
              disabledReason={lacks ?? (reason.trim() === '' ? 'Say why first.' : undefined)}
            >
              Contain now
            </Button>
            <Button look="quiet" onClick={onClose}>
              Cancel
            </Button>
          </div>
        </div>
      </form>
      {isAsking && (
        <Confirm
          title={`Cut off ${wish.credential ?? 'the whole workspace'}?`}
          action="Contain it"
          danger
          onConfirm={async () => {
            await act.orThrow()
            onClose()
          }}
          onClose={() => setIsAsking(false)}
        >
          <p>
            Cut off at once: {chosen.map(capabilityLabel).join(', ')}; for{' '}
            {wish.credential === undefined ? (
              'everybody and every program of the workspace'
            ) : (
              <code className="font-mono break-all">{wish.credential}</code>
            )}
            . It ends by itself after {HOURS.find(([value]) => value === hours)?.[1] ?? `${hours} hours`}.
          </p>
          <p className="mt-2">A lift takes two people.</p>
        </Confirm>
      )}
    </Panel>
  )
}

function isSameWish(one: ContainmentsPreviewInput, other: ContainmentsPreviewInput): boolean {
  return (
    one.credential === other.credential &&
    one.capabilities.length === other.capabilities.length &&
    one.capabilities.every((name) => other.capabilities.includes(name))
  )
}

function Capabilities({
  chosen,
  onChange,
}: {
  readonly chosen: readonly Capability[]
  readonly onChange: (chosen: readonly Capability[]) => void
}) {
  const has = (name: Capability): boolean => chosen.includes(name)
  const set = (name: Capability, isOn: boolean): void => {
    // The whole covers its lanes.
    const others = chosen.filter((item) => item !== name && !(isOn && item.startsWith(`${name}:`)))
    onChange(isOn ? [...others, name] : others)
  }
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">What is cut off</legend>
      {CAPABILITY_WORDS.map(({ name, label, off, on }) => (
        <div key={name}>
          <Check
            label={label}
            hint={
              <>
                {off} Goes on: {on}
              </>
            }
            checked={has(name)}
            onChange={(isOn) => set(name, isOn)}
          />
          {(name === 'send' || name === 'deliver') && !has(name) && (
            <div className="ml-6 flex flex-wrap gap-x-4">
              {LANES_OF.map((lane) => (
                <Check
                  key={lane}
                  label={`only ${lane}`}
                  checked={has(`${name}:${lane}`)}
                  onChange={(isOn) => set(`${name}:${lane}`, isOn)}
                />
              ))}
            </div>
          )}
        </div>
      ))}
    </fieldset>
  )
}
