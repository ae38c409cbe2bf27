/** What an alarm means in words, for those who read it. `text` says what was seen, `advice` the next step. */
export interface AlertWords {
  readonly text: string
  readonly advice: string
}

const STEP_UP =
  'The people concerned are marked: their next log-in from an unknown device needs the second factor in any case.'

const NOT_YOURS =
  'If the person knows nothing of it: end his sessions, change the password and look at the second factors.'

/** Every alarm that the rules of detection raise, docs/detection.md. */
export const RULE_WORDS: Readonly<Record<string, AlertWords>> = {
  'enumeration.client': {
    text: 'One client asked for many addresses, to learn which of them have an account.',
    advice: `Answers told nothing. ${STEP_UP}`,
  },
  'enumeration.distributed': {
    text: 'Many clients together ask for addresses that are on a list.',
    advice: `Answers told nothing. ${STEP_UP}`,
  },
  'stuffing.client': {
    text: 'One client tried the passwords of many accounts.',
    advice: `${STEP_UP} Ask them not to use one password in several places.`,
  },
  'stuffing.distributed': {
    text: 'Many clients together try the passwords of many accounts.',
    advice: `${STEP_UP} Look at the sessions of those concerned; contain log-in if it goes on.`,
  },
  'workspaces.client': {
    text: 'One client logged in, or tried to, at workspaces that have nothing to do with each other.',
    advice: 'Look at the latest sessions of the workspace and end those that nobody knows.',
  },
  'reset.storm': {
    text: 'One client asked for new passwords of several accounts.',
    advice: 'Ask those concerned to ignore the letters; whoever used a link should look at his sessions.',
  },
  'honey.touched': {
    text: 'Somebody tried an account that nobody has. He has a list of accounts.',
    advice: `${STEP_UP} Find out where the list comes from: which export or dump holds this address?`,
  },
  'novelty.after_probe': {
    text: 'The right password came from a network, an address and a browser that are all new, soon after the account was probed.',
    advice: 'Ask the person whether it was him. If not: end his sessions and have the password changed.',
  },
  'second_factor.abandoned': {
    text: 'Somebody had the right password and did not show the second factor.',
    advice: 'If it was not you, your password is known: change it.',
  },
}

/** Alarms of other parts of the product too. What has no words here is shown by its name. */
export const ALERT_WORDS: Readonly<Record<string, AlertWords>> = {
  ...RULE_WORDS,
  'second_factor.added': { text: 'A second factor was added to an account.', advice: NOT_YOURS },
  'second_factor.removed': { text: 'A second factor was removed from an account.', advice: NOT_YOURS },
  'second_factor.recovery_codes_made': {
    text: 'New recovery codes were made for an account.',
    advice: NOT_YOURS,
  },
  'second_factor.recovery_code_used': {
    text: 'A recovery code was used in place of a second factor.',
    advice: NOT_YOURS,
  },
  'second_factor.cloned': {
    text: 'A passkey counted backwards and was refused: there may be a copy of the device.',
    advice: 'Remove this passkey and add a new one.',
  },
  'second_factor.forged': {
    text: 'A passkey is not the one that was registered and was refused: somebody wrote to the database past the product.',
    advice: 'Treat the database as broken into.',
  },
  'second_factor.locked': {
    text: 'A hundred codes in a row were wrong: somebody who knows the password guesses.',
    advice: 'Change the password. Codes are taken again once another factor was shown.',
  },
  'profile.changed': {
    text: 'A sender, a domain, a webhook or somebody who runs the workspace was changed.',
    advice: 'Look at the change, and reject it where nobody knows of it: bulkhead changes list.',
  },
  'profile.unexplained': {
    text: 'Something was changed for which the audit log has no act: somebody wrote to the database past the product.',
    advice: 'Treat the database as broken into: contain the workspace and call whoever runs this server.',
  },
  'credential.refused_network': {
    text: 'A key was used from a network that it is not for.',
    advice: 'If nobody has moved a server, the key is known to somebody else: rotate it.',
  },
  'credential.leaked': {
    text: 'A key was found in a public place and revoked.',
    advice: 'Make another one, and look at what the old one did: bulkhead audit list.',
  },
  'sso.connected': {
    text: 'An identity provider was connected, or its connection was changed: it speaks for the members.',
    advice: 'If no owner did this: bulkhead sso disconnect, and end the sessions of whoever did.',
  },
  'recovery.started': {
    text: 'Somebody asked to get into an account without its second factor.',
    advice: 'Ask the person whether it was him; the recovery waits and can be cancelled.',
  },
}
