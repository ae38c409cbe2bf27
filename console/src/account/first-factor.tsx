import type { Api } from '../api/client.ts'
import { Field } from '../ui/field.tsx'
import { deviceName, NoPasskeysHere, type EnrolStep } from './enrol.tsx'
import { PASSWORD_HINT } from './mail-pages.tsx'
import { canUsePasskeys, makePasskey } from './passkeys.ts'
import { wordsOf } from './use-act.ts'

/** How a new person signs in. */
export type Way = 'passkey' | 'password'

/** What this browser can do. */
export function bestWay(): Way {
  return canUsePasskeys() ? 'passkey' : 'password'
}

/** On the button that goes on. */
export function continueWords(way: Way, isBusy: boolean): string {
  if (way === 'passkey') return isBusy ? 'Waiting for your device…' : 'Continue with a passkey'
  return isBusy ? 'Making your account…' : 'Continue'
}

/**
 * For a session of somebody new: makes the passkey, where that is the way. Answers where enrolment goes on. The account is there in any case;
 * a passkey that was not made is told as a problem.
 */
export async function firstFactor(
  api: Api,
  way: Way,
): Promise<{ readonly step: EnrolStep; readonly problem: string | undefined }> {
  if (way === 'password') return { step: 'app', problem: undefined }
  try {
    const response = await makePasskey(await api.factors.beginPasskey())
    await api.factors.addPasskey({ name: deviceName(), response })
    return { step: 'codes', problem: undefined }
  } catch (error) {
    return { step: 'choose', problem: wordsOf(error) }
  }
}

/** A passkey, or a password and an authenticator app; the password is a field named `password`. */
export function WayToSignIn({ way, onChoose }: { readonly way: Way; readonly onChoose: (way: Way) => void }) {
  const mayPasskey = canUsePasskeys()
  return (
    <>
      <fieldset className="mb-4">
        <legend className="mb-1.5 text-sm font-medium">How you sign in</legend>
        <div className="flex flex-col gap-2">
          <Choice
            value="passkey"
            chosen={way}
            onChoose={onChoose}
            isDisabled={!mayPasskey}
            title="A passkey"
            detail="Your fingerprint, face or device PIN. Nothing to remember, nothing to phish."
          />
          <Choice
            value="password"
            chosen={way}
            onChoose={onChoose}
            title="A password and an authenticator app"
            detail="For a device or browser without passkeys."
          />
        </div>
      </fieldset>
      {!mayPasskey && (
        <div className="-mt-2 mb-4">
          <NoPasskeysHere />
        </div>
      )}
      {way === 'password' && (
        <Field
          label="Password"
          name="password"
          type="password"
          required
          autoComplete="new-password"
          hint={PASSWORD_HINT}
        />
      )}
    </>
  )
}

function Choice({
  value,
  chosen,
  onChoose,
  isDisabled = false,
  title,
  detail,
}: {
  readonly value: Way
  readonly chosen: Way
  readonly onChoose: (way: Way) => void
  readonly isDisabled?: boolean
  readonly title: string
  readonly detail: string
}) {
  return (
    <label
      className={`flex gap-2.5 rounded-md border px-3 py-2 ${chosen === value ? 'border-accent bg-accent-soft' : 'border-line-strong'} ${isDisabled ? 'opacity-60' : 'cursor-pointer'}`}
    >
      <input
        type="radio"
        name="way"
        value={value}
        checked={chosen === value}
        disabled={isDisabled}
        onChange={() => onChoose(value)}
        className="mt-1 self-start accent-accent"
      />
      <span className="min-w-0">
        <span className="block text-sm font-medium">{title}</span>
        <span className={`block text-xs ${chosen === value ? 'text-ink' : 'text-muted'}`}>{detail}</span>
      </span>
    </label>
  )
}
