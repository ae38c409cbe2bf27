import { CHOICES, type FederationRule, type FederationRulesCreateInput } from '@bulkhead/sdk'
import { useId, useState, type FormEvent } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { wordsIn } from '../../words-in.ts'
import { ScopePicker } from './scope-picker.tsx'
import { PLATFORMS, type PlatformName } from './workload-platforms.ts'

type Scope = FederationRulesCreateInput['scopes'][number]
const SCOPES: readonly Scope[] = CHOICES['federationRules.create'].scopes
const LIFETIMES = [300, 900, 1_800, 3_600] as const

/** Writes a rule from what a person knows of the workload, and shows the rule before it is made. */
export function WorkloadForm({
  onClose,
  onMade,
}: {
  readonly onClose: () => void
  readonly onMade: (rule: FederationRule) => void
}) {
  const { api } = useSession()
  const { can, installation } = useAccess()
  const tabs = useId()
  const [platformName, setPlatformName] = useState<PlatformName>('github')
  const [answers, setAnswers] = useState<Readonly<Record<string, string>>>({})
  const [when, setWhen] = useState('branch')
  const [name, setName] = useState('')
  const [audience, setAudience] = useState(installation.publicUrl)
  const [scopes, setScopes] = useState<readonly Scope[]>(['messages:send'])
  const [lifetimeSeconds, setLifetimeSeconds] = useState<number>(900)
  const [networks, setNetworks] = useState('')
  const [senders, setSenders] = useState('')
  const platform = PLATFORMS.find((one) => one.name === platformName)
  const kind = platform?.when.find((one) => one.name === when) ?? platform?.when[0]
  const given = Object.fromEntries(
    (platform?.fields ?? []).map((field) => [field.name, answers[field.name] ?? field.initial ?? '']),
  )
  const terms = platform?.terms(given, kind?.name ?? '')
  const create = useAct(
    async () => {
      if (terms === undefined) return
      onMade(
        await api.federationRules.create({
          ...terms,
          name: name.trim(),
          audience: audience.trim(),
          scopes,
          lifetimeSeconds,
          allowedCidrs: wordsIn(networks),
          allowedSenders: wordsIn(senders),
        }),
      )
    },
    { done: 'The workload is connected.', refresh: ['federation'] },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void create.run()
  }
  const shown = (platform?.fields ?? []).filter((field) => field.name !== 'ref' || kind?.needs === 'ref')
  return (
    <Panel title="Connect a workload" lead={platform?.words}>
      <div className="border-b border-line px-2">
        <Tabs
          label="Platform"
          tabs={PLATFORMS.map((one) => ({ name: one.name, label: one.label }))}
          chosen={platformName}
          onChoose={setPlatformName}
          idPrefix={tabs}
        />
      </div>
      <form
        id={`${tabs}-panel`}
        role="tabpanel"
        aria-labelledby={`${tabs}-tab-${platformName}`}
        onSubmit={submit}
        className="p-4"
      >
        <div className="grid gap-x-4 sm:grid-cols-2">
          <Field
            label="Name"
            name="name"
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="shop CI"
            hint="Its keys are listed under this name."
          />
          {shown
            .filter((field) => field.name !== 'ref')
            .map((field) => (
              <Field
                key={`${platformName} ${field.name}`}
                label={field.label}
                name={field.name}
                required={field.required}
                placeholder={field.placeholder}
                hint={field.hint}
                className="font-mono"
                value={given[field.name] ?? ''}
                onChange={(event) => setAnswers({ ...answers, [field.name]: event.target.value })}
              />
            ))}
          {platform !== undefined && platform.when.length > 0 && (
            <div className="mb-4">
              <Select
                label="Which jobs"
                value={kind?.name ?? ''}
                onChange={(event) => setWhen(event.target.value)}
              >
                {platform.when.map((one) => (
                  <option key={one.name} value={one.name}>
                    {one.label}
                  </option>
                ))}
              </Select>
            </div>
          )}
          {kind?.needs === 'ref' && (
            <Field
              label={{ branch: 'Branch', environment: 'Environment', tag: 'Tag' }[kind.name] ?? 'Name'}
              name="ref"
              required
              className="font-mono"
              value={given['ref'] ?? ''}
              onChange={(event) => setAnswers({ ...answers, ref: event.target.value })}
              hint={kind.name === 'tag' ? 'v* stands for all that begin with v.' : undefined}
            />
          )}
          <Field
            label="Audience"
            name="audience"
            required
            className="font-mono"
            value={audience}
            onChange={(event) => setAudience(event.target.value)}
            hint="The token must be made for it. The address of this installation is right."
          />
          <div className="mb-4">
            <Select
              label="A key lives for"
              value={lifetimeSeconds}
              onChange={(event) => setLifetimeSeconds(Number(event.target.value))}
            >
              {LIFETIMES.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {seconds / 60} minutes
                </option>
              ))}
            </Select>
          </div>
        </div>
        <ScopePicker
          label="What its keys may do"
          scopes={SCOPES}
          chosen={scopes}
          held={can}
          onChange={setScopes}
        />
        <details className="mb-4">
          <summary className="cursor-pointer text-sm text-accent">Networks and senders</summary>
          <div className="mt-3 grid gap-x-4 sm:grid-cols-2">
            <Field
              label="Networks"
              name="allowedCidrs"
              className="font-mono"
              value={networks}
              onChange={(event) => setNetworks(event.target.value)}
              placeholder="all"
              hint="Such as 192.0.2.0/24. Hosted runners have too many to list."
            />
            <Field
              label="May send as"
              name="allowedSenders"
              className="font-mono"
              value={senders}
              onChange={(event) => setSenders(event.target.value)}
              placeholder="all senders"
              hint="ci@example.com or @example.com."
            />
          </div>
        </details>
        <Note tone="info" title={terms === undefined ? 'The rule appears here' : 'The rule'}>
          {terms === undefined ? (
            'Fill in what is above.'
          ) : (
            <dl className="mt-1 grid grid-cols-[max-content_1fr] gap-x-3 font-mono text-xs break-all">
              <dt>iss</dt>
              <dd data-testid="rule-issuer">{terms.issuer}</dd>
              <dt>aud</dt>
              <dd>{audience}</dd>
              <dt>sub</dt>
              <dd data-testid="rule-subject">{terms.subject}</dd>
              {Object.entries(terms.claims).map(([claim, value]) => (
                <div key={claim} className="contents">
                  <dt>{claim}</dt>
                  <dd>{String(value)}</dd>
                </div>
              ))}
            </dl>
          )}
        </Note>
        {terms?.subject.endsWith(':*') === true && (
          <div className="mt-3">
            <Note tone="warn">
              Whoever can start any job there, in a pull request perhaps, gets a key. Name a branch or an
              environment where you can.
            </Note>
          </div>
        )}
        {create.failure !== undefined && (
          <div className="mt-3">
            <Note tone="bad">{create.failure}</Note>
          </div>
        )}
        <div className="mt-4 flex gap-2">
          <Button
            type="submit"
            look="main"
            disabled={create.isBusy}
            disabledReason={
              terms === undefined
                ? 'Say first which workload it is.'
                : scopes.length === 0
                  ? 'Choose what its keys may do.'
                  : undefined
            }
          >
            {create.isBusy ? 'Connecting…' : 'Connect'}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Panel>
  )
}
