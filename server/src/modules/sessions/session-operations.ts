import { confirmEmailCode } from './operations/confirm-email-code.ts'
import { endSession } from './operations/end-session.ts'
import { endSessions } from './operations/end-sessions.ts'
import { listSessions } from './operations/list-sessions.ts'
import { logInWithPassword } from './operations/log-in.ts'
import { logInWithPasskey } from './operations/log-in-with-passkey.ts'
import { logOut } from './operations/log-out.ts'
import { logInPasskeyOptions } from './operations/passkey-options.ts'
import { showSecondFactor } from './operations/show-second-factor.ts'
import { stepUp, stepUpOptions } from './operations/step-up.ts'

export const sessionOperations = [
  logInWithPassword,
  confirmEmailCode,
  showSecondFactor,
  logInPasskeyOptions,
  logInWithPasskey,
  listSessions,
  endSession,
  endSessions,
  logOut,
  stepUp,
  stepUpOptions,
]
