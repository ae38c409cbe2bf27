/**
 * What servers answer, in the style of large receivers and common servers, each with the class that it must get: class, stage, reply.
 * Addresses, hosts and references are invented.
 */
const LINES = String.raw`
recipient      rcpt  550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. For more information, go to https://support.google.com/mail/?p=NoSuchUser a1-2 - gsmtp
recipient      rcpt  550 5.2.1 The email account that you tried to reach is inactive. For more information, go to https://support.google.com/mail/?p=DisabledUser - gsmtp
recipient      rcpt  550 5.2.1 The email account that you tried to reach is disabled. https://support.google.com/mail/?p=DisabledUser - gsmtp
recipient      rcpt  553 5.1.2 We weren't able to find the recipient domain. Please check for any spelling errors. - gsmtp
recipient      rcpt  553 5.1.3 The recipient address is not a valid RFC-5321 address. - gsmtp
mailbox        rcpt  452 4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaTemp - gsmtp
mailbox        rcpt  552 5.2.2 The recipient's inbox is out of storage space and inactive. https://support.google.com/mail/?p=OverQuotaPerm - gsmtp
mailbox        rcpt  450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered. - gsmtp
mailbox        rcpt  550 5.2.1 The user you are trying to contact is receiving mail too quickly. - gsmtp
reputation     dot   421 4.7.0 [192.0.2.7 15] Our system has detected an unusual rate of unsolicited mail originating from your IP address. - gsmtp
reputation     dot   550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation of the sending IP address. - gsmtp
policy         dot   550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy. - gsmtp
policy         dot   421 4.7.26 This mail has been rate limited because it is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp
policy         dot   550 5.7.25 The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not match. - gsmtp
policy         dot   421 4.7.28 Gmail has detected an unusual rate of mail originating from your DKIM domain. - gsmtp
content        dot   552 5.7.0 This message was blocked because its content presents a potential security issue. - gsmtp
content        dot   552 5.3.4 Your message exceeded Google's message size limits. - gsmtp
protocol       rcpt  452 4.5.3 Your message has too many recipients. - gsmtp
infrastructure data  421 4.3.0 Temporary System Problem. Try again later - gsmtp
infrastructure rcpt  451 4.4.2 Timeout - closing connection. - gsmtp
recipient      rcpt  550 5.4.1 Recipient address rejected: Access denied. [DB1EUR.prod.protection.outlook.com 2026-11-01T10:00:00Z] AS(201806281)
recipient      rcpt  550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bob@x.example not found by SMTP address lookup
recipient      rcpt  550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found
recipient      rcpt  550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [BL2NAM06.protection.outlook.com]
recipient      rcpt  550 5.4.310 DNS domain gone.example does not exist [Message=InfoDomainNonexistent]
recipient      rcpt  550 5.1.2 The recipient domain is not hosted here
reputation     mail  550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).
reputation     mail  451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. For e-mail delivery information see https://postmaster.live.com (S775)
policy         rcpt  550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/
policy         rcpt  550 5.7.511 Access denied, banned sender[192.0.2.1]. To request removal forward this message
policy         mail  550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.
policy         dot   550 5.7.23 The message was rejected because of Sender Policy Framework violation -> 550 5.7.23
policy         dot   550 5.7.509 Access denied, sending domain EXAMPLE.COM does not pass DMARC verification and has a DMARC policy of reject.
policy         dot   550 5.7.515 Access denied, sending domain EXAMPLE.COM doesn't meet the required authentication level.
policy         rcpt  550 5.7.124 RESOLVER.RST.SenderNotInAllowedList; not authorized
policy         rcpt  550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated
policy         rcpt  550 5.7.1 RESOLVER.RST.AuthRequired; authentication required
content        rcpt  550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient
mailbox        rcpt  554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded
mailbox        rcpt  550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour.
infrastructure dot   554 5.4.14 Hop count exceeded - possible mail loop ATTR34
infrastructure data  451 4.3.2 Temporary server error. Please try again later ATTR3.1
policy         rcpt  451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)
infrastructure dot   450 4.4.316 Connection refused [Message=Socket error code 10061]
infrastructure dot   550 5.4.300 Message expired -> 451 4.4.1 Connection timed out
recipient      dot   554 delivery error: dd This user doesn't have a yahoo.com account (bob@yahoo.com) [0] - mta1001.mail.bf1.yahoo.com
recipient      dot   554 30 Sorry, your message to bob@yahoo.com cannot be delivered. This mailbox is disabled (554.30).
recipient      dot   552 1 Requested mail action aborted, mailbox not found
recipient      rcpt  550 5.1.1 Mailbox does not exist
policy         dot   554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes
policy         dot   554 Message not allowed - [PH01] Email not accepted for policy reasons.
reputation     mail  421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1
reputation     mail  553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list
reputation     mail  421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred due to user complaints
infrastructure data  451 4.3.2 Internal error reading data
recipient      rcpt  550 5.1.1 unknown or illegal alias: bob@icloud.com
recipient      rcpt  550 5.1.1 <bob@me.com>: user does not exist
recipient      rcpt  550 5.1.6 recipient no longer on server: bob@mac.com
mailbox        rcpt  552 5.2.2 <bob@icloud.com>: user is over quota
policy         dot   554 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137
policy         dot   554 5.7.1 [HM08] Message rejected due to local policy.
reputation     rcpt  550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.1
recipient      rcpt  550 5.1.1 Not our Customer
reputation     dot   554 resimta-po-16v.sys.comcast.net comcast 192.0.2.1 found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000001
recipient      rcpt  550 Requested action not taken: mailbox unavailable For explanation visit https://www.gmx.net/mail/senderguidelines
policy         dot   554 Transaction failed Reject due to policy restrictions. For explanation visit https://postmaster.web.de/error-messages
policy         rcpt  450 Requested mail action not taken: mailbox unavailable Reject due to greylisting, try again in 300 seconds
reputation     mail  554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.) (BL)
recipient      rcpt  550 5.1.1 <bob@t-online.de> User unknown
recipient      rcpt  550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]
reputation     dot   550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]
reputation     mail  421 mwinf5c01 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR004_104 [104]
recipient      rcpt  550 5.2.1 This mailbox has been blocked due to inactivity (#5.2.1)
recipient      rcpt  550 5.5.0 Service refuse. Adresse inconnue : utilisateur inconnu
policy         rcpt  550 spam detecté
recipient      rcpt  550 Message was not accepted -- invalid mailbox. Local mailbox bob@mail.ru is unavailable: user not found
recipient      rcpt  550 Message was not accepted -- invalid mailbox. Local mailbox bob@mail.ru is unavailable: account is disabled
policy         dot   550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id
recipient      rcpt  550 5.7.1 No such user!
policy         dot   554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc
recipient      rcpt  550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550
policy         rcpt  451 Internal resource temporarily unavailable - greylisting in force, https://community.mimecast.com/docs/DOC-1369#451
policy         rcpt  550 Administrative prohibition - envelope blocked - https://community.mimecast.com/docs/DOC-1369#550
policy         dot   554 Email rejected due to security policies - https://community.mimecast.com/docs/DOC-1369#554
reputation     rcpt  550 csi.mimecast.org Poor Reputation Sender. - https://community.mimecast.com/docs/DOC-1369#550
recipient      rcpt  550 5.1.1 User Unknown
reputation     rcpt  550 permanent failure for one or more recipients (bob@x.example:blocked by Barracuda)
recipient      rcpt  550 5.1.1 <bob@x.example>: Recipient address rejected: User unknown in virtual mailbox table
recipient      rcpt  550 5.1.1 <bob@x.example>: Recipient address rejected: User unknown in local recipient table
recipient      rcpt  550 5.1.1 <bob@x.example>: Recipient address rejected: undeliverable address: host mx.x.example[192.0.2.9] said: 550 5.1.1 User unknown
recipient      rcpt  450 4.1.1 <bob@x.example>: Recipient address rejected: unverified address: Address lookup failed
policy         rcpt  554 5.7.1 <bob@x.example>: Relay access denied
policy         rcpt  454 4.7.1 <bob@x.example>: Relay access denied
protocol       mail  450 4.1.8 <news@us.example>: Sender address rejected: Domain not found
reputation     rcpt  554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1
policy         rcpt  450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]
policy         rcpt  504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname
policy         rcpt  450 4.2.0 <bob@x.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/x.example.html
mailbox        rcpt  552 5.2.2 <bob@x.example>: Quota exceeded (mailbox for user is full)
mailbox        rcpt  452 4.2.2 <bob@x.example> Mailbox is full / Blocks limit exceeded / Inode limit exceeded
infrastructure dot   451 4.3.0 <bob@x.example>: Temporary lookup failure
content        dot   552 5.3.4 Message size exceeds fixed limit
content        dot   554 5.7.1 Virus found: Eicar-Test-Signature
content        dot   552 5.7.0 Our system detected an illegal attachment on your message: attachment type not allowed (.exe)
protocol       data  554 5.5.1 Error: no valid recipients
recipient      rcpt  550 Unrouteable address
recipient      rcpt  550 "Unknown User"
policy         rcpt  550 Sender verify failed
policy         rcpt  451 Could not complete sender verify callout
recipient      rcpt  550 No Such User Here
infrastructure rcpt  451 Temporary local problem - please try later
policy         dot   550 High probability of spam
policy         rcpt  550 relay not permitted
recipient      rcpt  550 5.1.1 <bob@x.example>... User unknown
recipient      rcpt  550 5.1.2 <bob@gone.example>... Host unknown (Name server: gone.example.: host not found)
policy         rcpt  550 5.7.1 <bob@x.example>... Relaying denied
protocol       mail  553 5.1.8 <news@us.example>... Domain of sender address news@us.example does not exist
recipient      rcpt  554 5.1.1 bob@x.example not listed in Domino Directory
recipient      rcpt  550 bob@x.example... No such user
recipient      rcpt  511 sorry, no mailbox here by that name (#5.1.1 - chkuser)
recipient      rcpt  550 5.1.1 sorry, no mailbox here by that name. (#5.1.1)
recipient      rcpt  550 Sorry, I couldn't find any host named gone.example. (#5.1.2)
mailbox        rcpt  552 The users mailfolder is over the allowed quota (size). (#5.2.2)
policy         rcpt  553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
infrastructure rcpt  554 This message is looping: it already has my Delivered-To line. (#5.4.6)
infrastructure rcpt  500 I'm not going to try again; this message has been in the queue too long.
recipient      rcpt  550 Der Empfänger bob@x.example ist unbekannt
recipient      rcpt  550 5.0.0 Benutzer unbekannt
recipient      rcpt  550 Unbekannter Empfänger
mailbox        rcpt  552 Das Postfach des Empfängers ist voll
recipient      rcpt  550 Postfach existiert nicht
recipient      rcpt  550 Destinataire inconnu
mailbox        rcpt  552 La boîte aux lettres du destinataire est pleine
recipient      rcpt  550 L'adresse n'existe pas
recipient      rcpt  550 Usuario desconocido
recipient      rcpt  550 El destinatario no existe
mailbox        rcpt  552 La casella di posta è piena
recipient      rcpt  550 Destinatario inesistente
reputation     rcpt  550 5.1.1 Mail refused, your IP is listed on our blocklist
reputation     rcpt  550 5.1.1 rejected, see http://barracudacentral.org/reputation?ip=192.0.2.1
reputation     rcpt  554 Your access to this mail system has been rejected due to the sending MTA's poor reputation.
reputation     mail  550 SC-001 (COL004) Unfortunately, messages from 192.0.2.1 were not delivered due to abuse from the network
policy         rcpt  550 5.1.1 Sender denied as sender's email address is on our list of unknown users
policy         mail  550 5.1.1 User unknown
policy         rcpt  550 The sender does not exist
policy         rcpt  550 5.7.0 Local policy violation
policy         rcpt  550 5.7.1 You are not allowed to write to this list
policy         dot   550 5.7.1 Refused by DMARC policy: dkim failed
policy         rcpt  530 5.7.10 Encryption required
policy         rcpt  550 5.7.30 REQUIRETLS support required
recipient      rcpt  556 5.1.10 Recipient address has null MX
recipient      rcpt  550 5.7.17 Mailbox owner has changed
content        data  553 5.6.7 Non-ASCII addresses not permitted for that recipient
content        dot   554 5.6.1 Body type not supported by remote host
infrastructure rcpt  452 4.3.1 Insufficient system storage
infrastructure rcpt  421 4.3.2 The server is shutting down
infrastructure rcpt  550 5.4.4 Unable to route: Host or domain name not found. Name service error for name=mail.x.example type=A: Host not found
infrastructure rcpt  550 5.4.7 Delivery time expired
infrastructure rcpt  550 5.3.5 System incorrectly configured: mail for x.example loops back to myself
protocol       rcpt  501 5.5.4 Invalid arguments
protocol       mail  503 Bad sequence of commands
protocol       rcpt  500 Command unrecognized
policy         rcpt  550 nosuchuser@spamhaus.example
`

export interface CorpusReply {
  readonly expected: string
  readonly stage: string
  readonly code: number
  readonly enhanced: string | undefined
  readonly text: string
}

/** The lines as a client sees them: three digits, an enhanced code where one follows, and the rest. */
export const REPLIES: readonly CorpusReply[] = LINES.trim()
  .split('\n')
  .map((line) => {
    const [, expected = '', stage = '', code = '', enhanced, text = ''] =
      /^(\S+)\s+(\S+)\s+(\d{3}) (?:([245]\.\d+\.\d+) )?(.*)$/.exec(line) ?? []
    return { expected, stage, code: Number(code), enhanced, text }
  })
