/** What an alarm means in words, for those who read it: what was seen, what the installation did by itself, the next step. */
export interface AlertWords {
  readonly text: string
  /** Nothing where it is left out. */
  readonly response?: string
  readonly advice: string
  /** The command line's way to look at it. */
  readonly command?: string
}

const STEP_UP =
  'The people concerned are marked: their next log-in from an unknown device needs the second factor in any case.'

const LIMITED = 'Tries of one client and of one account are slowed down, without locking anybody out.'

const NOT_YOURS =
  'If the person knows nothing of it: end his sessions, change the password and look at the second factors.'

/** Every alarm that the rules of detection raise, docs/detection.md. */
export const RULE_WORDS: Readonly<Record<string, AlertWords>> = {
  'enumeration.client': {
    text: 'One client asked for many addresses, to learn which of them have an account.',
    response: `Answers told nothing of who has an account. ${STEP_UP}`,
    advice: 'Nothing has to be done now. If it comes from a network of yours, ask whose program does this.',
  },
  'enumeration.distributed': {
    text: 'Many clients together ask for addresses that are on a list.',
    response: `Answers told nothing of who has an account. ${STEP_UP}`,
    advice: 'Expect letters that pretend to come from here, and tell your members.',
  },
  'stuffing.client': {
    text: 'One client tried the passwords of many accounts.',
    response: `${LIMITED} ${STEP_UP}`,
    advice: 'Ask those concerned not to use one password in several places.',
  },
  'stuffing.distributed': {
    text: 'Many clients together try the passwords of many accounts.',
    response: `${LIMITED} ${STEP_UP}`,
    advice: 'Look at the sessions of those concerned, and end those that nobody knows.',
  },
  'workspaces.client': {
    text: 'One client logged in, or tried to, at workspaces that have nothing to do with each other.',
    advice: 'Look at the latest sessions of the workspace and end those that nobody knows.',
  },
  'reset.storm': {
    text: 'One client asked for new passwords of several accounts.',
    response: `A letter changes nothing by itself: the link is in the mailbox, and second factors stay. ${STEP_UP}`,
    advice: 'Ask those concerned to ignore the letters; whoever used a link should look at his sessions.',
  },
  'honey.touched': {
    text: 'Somebody tried an account that nobody has. He has a list of accounts.',
    response: STEP_UP,
    advice: 'Find out where the list comes from: which export or dump holds this address?',
  },
  'novelty.after_probe': {
    text: 'The right password came from a network, an address and a browser that are all new, soon after the account was probed.',
    advice: 'Ask the person whether it was him. If not: end his sessions and have the password changed.',
  },
  'second_factor.abandoned': {
    text: 'Somebody had the right password and did not show the second factor.',
    response: 'Nobody was signed in.',
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
    response: 'The code works no more. The person and the owners were told.',
    advice: NOT_YOURS,
  },
  'second_factor.cloned': {
    text: 'A passkey counted backwards and was refused: there may be a copy of the device.',
    response: 'The passkey opened nothing.',
    advice: 'Remove this passkey and add a new one.',
  },
  'second_factor.forged': {
    text: 'A passkey is not the one that was registered and was refused: somebody wrote to the database past the product.',
    response: 'The passkey opened nothing.',
    advice: 'Treat the database as broken into.',
  },
  'second_factor.locked': {
    text: 'A hundred codes in a row were wrong: somebody who knows the password guesses.',
    response: 'Codes of this kind are refused until another factor was right. Passkeys go on working.',
    advice: 'Change the password. Codes are taken again once another factor was shown.',
  },
  'profile.changed': {
    text: 'A sender, a domain, a webhook or somebody who runs the workspace was changed.',
    response:
      'Everybody who was told of such things before was told. In an established workspace what is new does nothing for 24 hours.',
    advice: 'Look at the change, and reject it where nobody knows of it.',
    command: 'bulkhead changes list',
  },
  'profile.unexplained': {
    text: 'Something was changed for which the audit log has no act: somebody wrote to the database past the product.',
    response: 'What was changed does nothing for 24 hours.',
    advice: 'Treat the database as broken into: contain the workspace and call whoever runs this server.',
  },
  'contacts.bulk_read': {
    text: 'A key or a member read more contacts than anybody should in an hour.',
    response: 'More are refused to it until it has read less for a while; the others go on.',
    advice:
      'If it is no program of yours that copies the contacts, revoke the key and end the sessions of the member.',
    command: 'bulkhead audit list',
  },
  'suppressions.bulk_read': {
    text: 'A key or a member read more suppressed addresses than anybody should in an hour.',
    response: 'More are refused to it until it has read less for a while; the others go on.',
    advice:
      'If it is no program of yours that copies the list, revoke the key and end the sessions of the member.',
    command: 'bulkhead audit list',
  },
  'exports.bulk_read': {
    text: 'A member exported more suppressed addresses than anybody should in an hour.',
    response: 'More are refused to him until he has read less for a while; the others go on.',
    advice: 'If he knows nothing of it, end his sessions and have the password changed.',
    command: 'bulkhead audit list',
  },
  'messages.bulk_read': {
    text: 'A key or a member read the recipients of more messages than anybody should in an hour.',
    response: 'More are refused to it until it has read less for a while; the others go on.',
    advice:
      'If it is no program of yours that follows its mail, revoke the key and end the sessions of the member. Programs that follow much mail use webhooks.',
    command: 'bulkhead audit list',
  },
  'credential.refused_network': {
    text: 'A key was used from a network that it is not for.',
    response: 'The request was refused in the words of a key that does not exist.',
    advice: 'If nobody has moved a server, the key is known to somebody else: rotate it.',
  },
  'credential.leaked': {
    text: 'A key was found in a public place and revoked.',
    response: 'The key is dead: requests with it are refused, its connections have ended.',
    advice: 'Make another one, and look at what the old one did.',
    command: 'bulkhead audit list',
  },
  'inbound_route.changed': {
    text: 'Mail to a host name of the workspace goes to another program, or goes to one for the first time.',
    advice: 'If nobody of you did this, remove the route, and end what did it.',
    command: 'bulkhead inbound-routes list',
  },
  'sso.connected': {
    text: 'An identity provider was connected, or its connection was changed: it speaks for the members.',
    advice: 'If no owner did this, disconnect it, and end the sessions of whoever did.',
    command: 'bulkhead sso disconnect',
  },
  'shaping.file_broken': {
    text: 'The file of shaping rules is broken; the last good rules are in force.',
    response: 'Mail goes on under the last good rules.',
    advice: 'See what is wrong with it.',
    command: 'bulkhead shaping check',
  },
  'quota.near': {
    text: 'Four fifths of a quota of sending are used.',
    advice: 'See which, and when it starts anew.',
    command: 'bulkhead quotas',
  },
  'quota.reached': {
    text: 'A quota of sending is used up; mail beyond it is refused until it starts anew.',
    response: 'Mail beyond the quota is refused; what was accepted goes on.',
    advice: 'See which. Whoever set it can raise it.',
    command: 'bulkhead quotas',
  },
  'recovery.started': {
    text: 'Somebody asked to get into an account without its second factor.',
    response:
      'Nothing happens for 72 hours, and then only with the approvals that it needs. The person was told.',
    advice: 'Ask the person whether it was him; the recovery waits and can be cancelled.',
  },
}

/** What changed, by the `what` of an alarm about senders, domains, webhooks and those who run the workspace. */
export const CHANGE_TEXTS: Readonly<Record<string, string>> = {
  'sender.added': 'A sender was added.',
  'sender.changed': 'A sender was changed.',
  'sender.removed': 'A sender was removed.',
  'domain.added': 'A sending domain was added.',
  'domain.changed': 'A sending domain was changed.',
  'domain.removed': 'A sending domain was removed.',
  'webhook.added': 'A webhook was added.',
  'webhook.changed': 'A webhook was changed.',
  'webhook.removed': 'A webhook was removed.',
  'owner.added': 'Somebody became an owner.',
  'owner.changed': 'An owner or admin was changed.',
  'owner.removed': 'An owner was removed.',
  'admin.added': 'Somebody became an admin.',
  'admin.removed': 'An admin was removed.',
}
