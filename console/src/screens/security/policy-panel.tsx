import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import type { PoliciesChangeInput, PoliciesGetOutput } from '@bulkhead/sdk'
import { textOf, wordsOf } from '../../account/use-act.ts'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Failure, LoadingRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'

const FACTORS = {
  optional: 'a password is enough',
  required: 'any second factor (default)',
  passkey: 'passkeys only',
} as const

/** What the workspace demands of its members. */
export function PolicyPanel() {
  const { api } = useSession()
  const policy = useQuery(queries.policy(api))
  return (
    <Panel
      title="What members need"
      lead="It holds from the next request on; sessions that do not fulfil it end here."
    >
      {policy.isPending && <LoadingRows rows={2} label="Loading the policy" />}
      {policy.isError && <Failure error={policy.error} onRetry={() => void policy.refetch()} />}
      {policy.isSuccess && <PolicyForm key={JSON.stringify(policy.data)} policy={policy.data} />}
    </Panel>
  )
}

function PolicyForm({ policy }: { readonly policy: PoliciesGetOutput }) {
  const { api } = useSession()
  const client = useQueryClient()
  const again = (): void => void client.invalidateQueries({ queryKey: ['policy'] })
  const change = useMutation({
    mutationFn: (wanted: PoliciesChangeInput) => api.policies.change(wanted),
    onSuccess: again,
  })
  const confirm = useMutation({ mutationFn: () => api.policies.confirm(), onSuccess: again })
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const factor = textOf(form, 'secondFactor')
    change.mutate({
      ...(isFactor(factor) ? { secondFactor: factor } : {}),
      sessionHours: Number(textOf(form, 'sessionHours')),
      allowedCidrs: wordsIn(textOf(form, 'allowedCidrs')),
      signInDomains: wordsIn(textOf(form, 'signInDomains')),
    })
  }
  const failure = change.error ?? confirm.error
  return (
    <form onSubmit={submit} className="p-4">
      <div className="grid gap-x-4 sm:grid-cols-2">
        <div className="mb-4">
          <Select label="Second factor" name="secondFactor" defaultValue={policy.secondFactor}>
            {Object.entries(FACTORS).map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </Select>
        </div>
        <Field
          label="Hours until a session must log in again"
          name="sessionHours"
          type="number"
          min={1}
          max={720}
          required
          defaultValue={policy.sessionHours}
        />
        <Field
          label="Networks"
          name="allowedCidrs"
          placeholder="from everywhere"
          defaultValue={policy.allowedCidrs.join(' ')}
          hint="Such as 203.0.113.0/24 2001:db8::/32. Without your own, another owner has to confirm."
          className="font-mono"
        />
        <Field
          label="Domains that may be invited"
          name="signInDomains"
          placeholder="all"
          defaultValue={policy.signInDomains.join(' ')}
          hint={
            policy.outsiders.length === 0
              ? 'Such as example.com. Members from elsewhere stay.'
              : `From elsewhere: ${policy.outsiders.map(({ email }) => email).join(', ')}`
          }
          className="font-mono"
        />
      </div>
      {policy.pending !== null && (
        <div className="mb-4 flex flex-wrap items-center gap-3 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          <span className="flex-1 basis-60">
            Networks {policy.pending.policy.allowedCidrs.join(', ')} wait for another owner, who confirms from
            inside of them, until <Time at={policy.pending.until} />.
          </span>
          <Button onClick={() => confirm.mutate()} disabled={confirm.isPending}>
            Confirm
          </Button>
        </div>
      )}
      <Button type="submit" disabled={change.isPending}>
        {change.isPending ? 'Saving…' : 'Save'}
      </Button>
      {change.isSuccess && (
        <span role="status" className="ml-3 text-sm text-ok">
          Saved.
        </span>
      )}
      <p role="alert" className="mt-2 text-sm text-bad empty:hidden">
        {failure === null ? '' : wordsOf(failure)}
      </p>
    </form>
  )
}

function isFactor(text: string): text is keyof typeof FACTORS {
  return Object.hasOwn(FACTORS, text)
}

function wordsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}
