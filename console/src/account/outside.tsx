import { useState } from 'react'
import type { Api } from '../api/client.ts'
import { formatTimeFull } from '../format.ts'
import { FirstRun } from './first-run.tsx'
import { Invitation } from './invitation.tsx'
import { AskSso, FinishSso, TestSso } from './sso.tsx'
import {
  AskByMail,
  CompleteRecovery,
  CompleteReset,
  CompleteSignUp,
  ConfirmLink,
  Said,
} from './mail-pages.tsx'

/**
 * What stands behind the # of a link in a letter, taken out of the address bar at once. It never reaches a server's log, and the page
 * sends it only when somebody presses the button.
 */
function takeToken(): string {
  const token = location.hash.slice(1)
  if (token !== '') history.replaceState(null, '', location.pathname)
  return token
}

/** A page for people who are not signed in. */
export function Outside({
  api,
  page,
  onSignedIn,
}: {
  readonly api: Api
  readonly page: string
  readonly onSignedIn: () => void
}) {
  const [token] = useState(takeToken)
  switch (page) {
    case 'sign-up':
      // Of a letter with a token, of the sign-in page without.
      return token === '' ? (
        <AskByMail
          title="Sign up"
          lead="We send a link to your address. It proves that the address is yours, and leads on."
          action="Send the link"
          ask={(email) => api.account.signUp({ email })}
        />
      ) : (
        <CompleteSignUp api={api} token={token} onSignedIn={onSignedIn} />
      )
    case 'forgot':
      return (
        <AskByMail
          title="Forgot your password?"
          lead="We send a link that sets a new one. Your second factor stays: it is still needed then."
          action="Send the link"
          ask={(email) => api.account.requestReset({ email })}
        />
      )
    case 'recover':
      return (
        <AskByMail
          title="Lost every second factor?"
          lead="A recovery takes at least 72 hours, and people of your workspace who vouch for you. Everybody concerned is told."
          action="Begin"
          ask={(email) => api.account.requestRecovery({ email })}
        />
      )
    case 'sso':
      return <AskSso api={api} />
    case 'sso-back':
      return <FinishSso api={api} shown={token} onSignedIn={onSignedIn} />
    case 'sso-test':
      return <TestSso begun={token} />
    case 'reset':
      return <CompleteReset api={api} token={token} />
    case 'first-run':
      return <FirstRun api={api} token={token} onSignedIn={onSignedIn} />
    case 'invitation':
      return <Invitation api={api} token={token} onSignedIn={onSignedIn} />
    case 'email':
      return (
        <ConfirmLink
          title="Is this your new address?"
          lead="It signs in from 24 hours after you confirm. Until then everything goes to the old one."
          action="Confirm the address"
          run={async () => {
            const { takesEffectAt } = await api.account.confirmEmail({ token })
            return `It takes effect on ${formatTimeFull(new Date(takesEffectAt))}.`
          }}
          done="The address is confirmed"
        />
      )
    case 'undo-email':
      return (
        <ConfirmLink
          title="Undo the change of address"
          lead="The account keeps its old address, and every session of it ends. Set a new password afterwards if it was not you who asked."
          action="Undo the change"
          run={async () => {
            await api.account.undoEmail({ token })
            return 'The account has its old address, and all its sessions have ended.'
          }}
          done="The change is undone"
        />
      )
    case 'recovery':
      return (
        <ConfirmLink
          title="Begin the recovery?"
          lead="Everybody who could vouch for you is told, and so is this mailbox, every day. After 72 hours and with what they give you can add a new second factor."
          action="Begin the recovery"
          run={async () => {
            const { readyAt } = await api.account.confirmRecovery({ token })
            return `It can end on ${formatTimeFull(new Date(readyAt))} at the earliest. The letter says what else is needed.`
          }}
          done="The recovery has begun"
        />
      )
    case 'complete-recovery':
      return <CompleteRecovery api={api} token={token} onSignedIn={onSignedIn} />
    case 'cancel-recovery':
      return (
        <ConfirmLink
          title="Stop the recovery?"
          lead="If you did not ask for it, somebody else did. Nothing of your account has changed."
          action="Stop it"
          run={async () => {
            await api.account.cancelRecovery({ token })
            return 'Nothing of the account has changed.'
          }}
          done="The recovery is stopped"
        />
      )
    default:
      return <Said title="This link leads nowhere" lead="It may be mistyped or from another version." />
  }
}
