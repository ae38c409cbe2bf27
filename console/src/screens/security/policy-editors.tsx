import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Check } from '../../ui/check.tsx'
import { Field } from '../../ui/field.tsx'
import { linkLook } from '../../ui/link.ts'
import { TextArea } from '../../ui/text-area.tsx'
import { PolicyEffect } from './policy-effect.tsx'
import { FACTOR_RULES, type Policy } from './policy-words.ts'
import { securityQueries } from './security-queries.ts'

interface EditorProperties {
  readonly policy: Policy
  readonly onDone: () => void
}

const HOURS_MAX = 720

export function FactorEditor({ policy, onDone }: EditorProperties) {
  const id = useId()
  const [secondFactor, setSecondFactor] = useState(policy.secondFactor)
  return (
    <>
      <fieldset className="mb-4">
        <legend className="mb-1.5 text-sm font-medium">What members have to show</legend>
        {FACTOR_RULES.map(({ value, label, words }) => (
          <label key={value} className="flex items-start gap-2.5 py-1.5 text-sm">
            <input
              type="radio"
              name={id}
              className="mt-0.5 shrink-0 accent-accent"
              checked={secondFactor === value}
              onChange={() => setSecondFactor(value)}
            />
            <span>
              {label}
              <span className="block text-xs text-muted">{words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <PolicyEffect now={policy} wanted={{ secondFactor }} problem={undefined} onDone={onDone} />
    </>
  )
}

export function HoursEditor({ policy, onDone }: EditorProperties) {
  const [text, setText] = useState(String(policy.sessionHours))
  const hours = Number(text)
  const isRight = /^\d{1,3}$/.test(text.trim()) && hours >= 1 && hours <= HOURS_MAX
  return (
    <>
      <div className="max-w-xs">
        <Field
          label="Hours after log-in"
          name="sessionHours"
          type="number"
          min={1}
          max={HOURS_MAX}
          value={text}
          onChange={(event) => setText(event.target.value)}
          hint="1 to 720. 8 is a working day, 168 a week."
        />
      </div>
      <PolicyEffect
        now={policy}
        wanted={{ sessionHours: isRight ? hours : policy.sessionHours }}
        problem={isRight ? undefined : 'Write a whole number of hours, 1 to 720.'}
        onDone={onDone}
      />
    </>
  )
}

export function DomainsEditor({ policy, onDone }: EditorProperties) {
  const [text, setText] = useState(policy.signInDomains.join('\n'))
  const signInDomains = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  const wrong = signInDomains.find((domain) => !/^[^\s@/]+\.[^\s@/.]+$/.test(domain))
  return (
    <>
      <TextArea
        label="Domains, one on each line"
        name="signInDomains"
        rows={3}
        className="font-mono"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="example.com"
        hint="Empty: everybody may be invited. Members from elsewhere stay and are listed."
      />
      <PolicyEffect
        now={policy}
        wanted={{ signInDomains: wrong === undefined ? signInDomains : policy.signInDomains }}
        problem={wrong === undefined ? undefined : `${wrong} is not a domain such as example.com.`}
        onDone={onDone}
      />
    </>
  )
}

export function ProviderEditor({ policy, onDone }: EditorProperties) {
  const { api } = useSession()
  const connection = useQuery(securityQueries.ssoConnection(api, false))
  const [ssoRequired, setSsoRequired] = useState(policy.ssoRequired)
  const isTested = typeof connection.data?.testedAt === 'string'
  return (
    <>
      <div className="mb-3">
        <Check
          label="Members other than owners sign in through the company’s provider only"
          hint="Owners keep their own passkeys: when the provider is away, somebody must still come in. An owner who is signed in with a passkey turns it on."
          checked={ssoRequired}
          onChange={setSsoRequired}
        />
        {!isTested && !policy.ssoRequired && !connection.isPending && (
          <p className="mt-2 text-sm text-muted">
            No tested provider is connected yet:{' '}
            <Link to="/security/sign-on" className={linkLook}>
              connect one first
            </Link>
            .
          </p>
        )}
      </div>
      <PolicyEffect now={policy} wanted={{ ssoRequired }} problem={undefined} onDone={onDone} />
    </>
  )
}
